"""The index by which a source's first and last notification of each type are found."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0007_rights_of_traces"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                fields=["source", "message_type", "id"], name="notification_source_type"
            ),
        ),
    ]
