"""What was refused lately is told apart from what was years ago."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0019_subjects_that_events_name_first"),
    ]

    operations = [
        migrations.AddField(
            model_name="sourceerror",
            name="by_hour",
            field=models.JSONField(
                default=dict, help_text="How many in each hour (UTC) of the last day that had any."
            ),
        ),
    ]
