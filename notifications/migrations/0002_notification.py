"""The evidence, partitioned by month of its time-ordered id."""

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models
from django.db.models.functions import Now

from notifications.models.fields import CurrentTransactionId, IdentifierField, TransactionIdField

from ._operations import CreatePartitionedModel


def _relation(to, related_name="notifications"):
    return models.ForeignKey(
        to=f"notifications.{to}",
        on_delete=models.DO_NOTHING,
        null=True,
        related_name=related_name,
        db_constraint=False,
        db_index=False,
    )


def _first(model, name="first_notification"):
    return migrations.AddField(model, name, _relation("notification", "+"))


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0001_accounts_and_subjects"),
    ]

    operations = [
        # Columns of fixed size come first, so that PostgreSQL pads none of them.
        CreatePartitionedModel(
            name="Notification",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                (
                    "emitted_at",
                    models.DateTimeField(help_text="As the source told it, to the millisecond."),
                ),
                ("recorded_at", models.DateTimeField(db_default=Now())),
                ("recorded_xid", TransactionIdField(db_default=CurrentTransactionId())),
                ("recipient", _relation("recipient")),
                (
                    "rules",
                    models.PositiveSmallIntegerField(help_text="Version of the table that judged."),
                ),
                (
                    "per_device",
                    models.BooleanField(help_text="This is the copy made for the activation."),
                ),
                ("silent", models.BooleanField(null=True)),
                ("personal", models.BooleanField(null=True)),
                (
                    "addressed_to",
                    models.CharField(
                        choices=[
                            ("activation", "Activation"),
                            ("user", "User"),
                            ("unknown", "Unknown"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "platform",
                    models.CharField(
                        choices=[("apns", "apns"), ("fcm", "fcm"), ("hms", "hms")],
                        max_length=4,
                        null=True,
                    ),
                ),
                ("digest", models.BinaryField(max_length=32)),
                ("source", _relation("source")),
                ("message_id", IdentifierField(max_length=256, null=True)),
                ("message_type", IdentifierField(max_length=256, null=True)),
                ("result", IdentifierField(max_length=256, null=True)),
                ("operation", _relation("operation")),
                ("activation", _relation("activation")),
                ("inbox_message", _relation("inboxmessage")),
                ("app_id", IdentifierField(max_length=256, null=True)),
                ("extras", models.JSONField()),
                (
                    "findings",
                    models.JSONField(help_text="List of {code, key, detail}; [] when conforming."),
                ),
            ],
        ),
        _first("activation"),
        _first("inboxmessage"),
        _first("operation"),
        _first("operation", "named_by"),
        _first("operation", "first_init"),
        _first("operation", "last_finish"),
        migrations.AddIndex(
            model_name="inboxmessage",
            index=models.Index(fields=["first_notification"], name="inbox_message_first_seen"),
        ),
        migrations.AddIndex(
            model_name="activation",
            index=models.Index(fields=["first_notification"], name="activation_first_seen"),
        ),
        migrations.AddIndex(
            model_name="operation",
            index=models.Index(fields=["first_notification"], name="operation_first_seen"),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("activation__isnull", False)),
                fields=["activation", "id"],
                name="notification_activation",
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("operation__isnull", False)),
                fields=["operation", "id"],
                name="notification_operation",
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("recipient__isnull", False)),
                fields=["recipient", "id"],
                name="notification_recipient",
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("inbox_message__isnull", False)),
                fields=["inbox_message", "id"],
                name="notification_inbox_message",
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("message_id__isnull", False)),
                fields=["message_id", "id"],
                name="notification_message_id",
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(fields=["recorded_xid", "id"], name="notification_recorded"),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=GinIndex(
                condition=models.Q(("findings", []), _negated=True),
                fields=["findings"],
                name="notification_findings",
                opclasses=("jsonb_path_ops",),
            ),
        ),
        migrations.AddConstraint(
            model_name="notification",
            constraint=models.CheckConstraint(
                condition=models.Q(("addressed_to__in", ["activation", "user", "unknown"])),
                name="notification_addressed_to",
            ),
        ),
        migrations.AddConstraint(
            model_name="notification",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("platform__isnull", True),
                    ("platform__in", ["apns", "fcm", "hms"]),
                    _connector="OR",
                ),
                name="notification_platform",
            ),
        ),
        migrations.AddConstraint(
            model_name="notification",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("per_device", False), ("activation__isnull", False), _connector="OR"
                ),
                name="notification_copy_names_its_device",
            ),
        ),
    ]
