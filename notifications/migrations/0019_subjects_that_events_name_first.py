"""A subject may be on record before any notification is about it: an event named it."""

from importlib import import_module

from django.db import migrations

_RECORD = import_module("notifications.migrations.0005_record_notifications").RECORD
REPLACE = _RECORD.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
# Its first notification is then null, which is greater than no id.
_LATER = "known.first_notification_id > excluded.first_notification_id"
NEW = REPLACE.replace(_LATER, f"known.first_notification_id IS NULL OR {_LATER}")


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0018_rights_of_events"),
    ]

    operations = [
        migrations.RunSQL(NEW, REPLACE),
    ]
