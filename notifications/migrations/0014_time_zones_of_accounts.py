"""The zone in which the console tells an account times."""

from django.db import migrations, models

from notifications.models.account import check_time_zone


class Migration(migrations.Migration):
    dependencies = [("notifications", "0013_rights_of_exports")]

    operations = [
        migrations.AddField(
            model_name="account",
            name="in_own_zone",
            field=models.BooleanField(
                default=False,
                help_text="Whether the console tells times in the own time zone.",
            ),
        ),
        migrations.AddField(
            model_name="account",
            name="time_zone",
            field=models.CharField(
                blank=True,
                max_length=64,
                validators=[check_time_zone],
                help_text="The own time zone, as Europe/Prague. The console tells times in it, or"
                " in UTC.",
            ),
        ),
    ]
