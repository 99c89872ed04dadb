"""The index by which access records are found within a window."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0010_tallies"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="accessrecord",
            index=models.Index(fields=["at"], name="access_record_at"),
        ),
    ]
