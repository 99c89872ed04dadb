"""Notifications counted by hour and by day, and how far they are counted."""

import django.contrib.postgres.fields
from django.db import migrations, models
from django.db.models.functions import Now

from notifications.models.fields import IdentifierField, TransactionIdField

# Rows of the current hour and day are counted up again and again: with room beside them, and no
# index on the count, PostgreSQL changes them without touching an index.
ROOM = [
    "ALTER TABLE notifications_hourlytally SET (fillfactor = 80)",
    "ALTER TABLE notifications_dailytally SET (fillfactor = 80)",
]
# What stands already is counted by the worker, piece by piece.
NOTHING_COUNTED = "INSERT INTO notifications_tallymark (id, below) VALUES (1, '0')"


def create_tally(name: str, index: str) -> migrations.CreateModel:
    return migrations.CreateModel(
        name=name,
        fields=[
            ("starts_at", models.DateTimeField()),
            ("count", models.IntegerField()),
            ("message_type", IdentifierField(max_length=256, null=True)),
            ("result", IdentifierField(max_length=256, null=True)),
            ("app_id", IdentifierField(max_length=256, null=True)),
            ("platform", models.CharField(max_length=4, null=True)),
            ("source", IdentifierField(max_length=64, null=True)),
            (
                "codes",
                django.contrib.postgres.fields.ArrayField(
                    base_field=models.TextField(db_collation="C"),
                    help_text="Codes of the findings, each once, sorted; {} for none.",
                    size=None,
                ),
            ),
            ("key", models.BinaryField(max_length=32, primary_key=True, serialize=False)),
        ],
        options={
            "default_permissions": (),
            "indexes": [models.Index(fields=["starts_at"], name=index)],
        },
    )


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0009_limits_and_pseudonyms"),
    ]

    operations = [
        create_tally("HourlyTally", "hourly_tally_starts_at"),
        create_tally("DailyTally", "daily_tally_starts_at"),
        migrations.CreateModel(
            name="TallyMark",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("below", TransactionIdField()),
                ("moved_at", models.DateTimeField(db_default=Now())),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="tally_mark_is_one")
                ],
            },
        ),
        migrations.RunSQL(ROOM, migrations.RunSQL.noop),
        migrations.RunSQL(NOTHING_COUNTED, migrations.RunSQL.noop),
    ]
