"""What the home page shows: one row, which the worker makes."""

import datetime

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0014_time_zones_of_accounts"),
    ]

    operations = [
        migrations.CreateModel(
            name="Overview",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("as_of", models.DateTimeField(null=True)),
                (
                    "took",
                    models.DurationField(
                        default=datetime.timedelta, help_text="How long it took to make."
                    ),
                ),
                (
                    "gaps_since",
                    models.DateTimeField(help_text="Those first owed from then on.", null=True),
                ),
                (
                    "too_much",
                    models.BooleanField(
                        default=False, help_text="No gaps are told: too many to judge."
                    ),
                ),
                (
                    "gaps_by_hour",
                    models.JSONField(
                        default=dict,
                        help_text="How many count as what, by the hour (UTC) they were first owed in.",
                    ),
                ),
                ("newest_missing", models.JSONField(default=list)),
                (
                    "unjudged",
                    models.IntegerField(default=0, help_text="Operations with too many messages."),
                ),
                (
                    "contacts",
                    models.JSONField(default=list, help_text="The last emission of each source."),
                ),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="overview_is_one")
                ],
            },
        ),
    ]
