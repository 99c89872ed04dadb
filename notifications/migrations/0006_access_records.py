"""Who looked at what; append-only as evidence is."""

from django.db import migrations, models
from django.db.models.functions import Now

from notifications.models.fields import IdentifierField

# ENABLE ALWAYS: session_replication_role = replica must not switch the guards off.
GUARDS = """
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON notifications_accessrecord
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE notifications_accessrecord ENABLE ALWAYS TRIGGER refuse_change;
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON notifications_accessrecord
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE notifications_accessrecord ENABLE ALWAYS TRIGGER refuse_truncate;
"""
NO_GUARDS = """
DROP TRIGGER refuse_truncate ON notifications_accessrecord;
DROP TRIGGER refuse_change ON notifications_accessrecord;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0005_record_notifications"),
    ]

    operations = [
        migrations.CreateModel(
            name="AccessRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "who",
                    models.CharField(
                        help_text="The user name at that time; of the system, for a command.",
                        max_length=150,
                    ),
                ),
                (
                    "via",
                    models.CharField(
                        choices=[("admin", "Admin"), ("api", "API"), ("command", "Command")],
                        max_length=7,
                    ),
                ),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("device_trace", "Device trace"),
                            ("user_trace", "User trace"),
                            ("operation_timeline", "Operation timeline"),
                        ],
                        max_length=18,
                    ),
                ),
                (
                    "subject",
                    IdentifierField(
                        help_text="Activation id, operation id or the recipient's surrogate key; never a user id.",
                        max_length=256,
                    ),
                ),
                ("since", models.DateTimeField(null=True)),
                ("until", models.DateTimeField(null=True)),
                ("case_number", models.CharField(default="", max_length=64)),
                ("at", models.DateTimeField(db_default=Now())),
            ],
            options={
                "indexes": [models.Index(fields=["subject", "id"], name="access_record_subject")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("via__in", ["admin", "api", "command"])),
                        name="access_record_via",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("action__in", ["device_trace", "user_trace", "operation_timeline"])
                        ),
                        name="access_record_action",
                    ),
                ],
            },
        ),
        migrations.RunSQL(GUARDS, NO_GUARDS),
    ]
