"""When a source first and last emitted each type, for the traces."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0007_right_to_trace"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                fields=["source", "message_type", "id"], name="notification_source_type"
            ),
        ),
    ]
