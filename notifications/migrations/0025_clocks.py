"""How far the clocks of sources are apart, as the worker estimates it."""

from django.db import migrations, models
from django.db.models.functions import Now

import notifications.models.fields


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0024_as_it_was_known"),
    ]

    operations = [
        migrations.CreateModel(
            name="ClockDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                (
                    "clocks",
                    models.JSONField(
                        default=list,
                        help_text="List of {source, against, since, until, ahead, spread, pairs}.",
                    ),
                ),
                ("recorded_at", models.DateTimeField(db_default=Now())),
                (
                    "recorded_xid",
                    notifications.models.fields.TransactionIdField(
                        db_default=notifications.models.fields.CurrentTransactionId()
                    ),
                ),
                (
                    "looked_at",
                    models.DateTimeField(
                        help_text="When it was last estimated, by the worker's clock."
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "indexes": [models.Index(fields=["day", "-id"], name="clock_day")],
            },
        ),
    ]
