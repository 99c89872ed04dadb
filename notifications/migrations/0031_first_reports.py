"""Since when each source tells what, noted by triggers as it is recorded."""

import django.db.models.deletion
import notifications.models.fields
from django.db import migrations, models

# Rows of one statement are of one transaction, so of each kind only the first matters. What a row
# is compared with was recorded no later: else it would hide this one from an answer as of then.
NOTE = """
CREATE FUNCTION note_first_{name}() RETURNS trigger
LANGUAGE plpgsql AS $body$
BEGIN
    INSERT INTO notifications_firstreport (
        source_id, told, app, per_device, report, recorded_at, recorded_xid
    )
    SELECT source_id, told, app, per_device, id, recorded_at, recorded_xid
    FROM (
        SELECT DISTINCT ON (source_id, told, app, per_device) *
        FROM ({rows}) AS report
        ORDER BY source_id, told, app, per_device, id
    ) AS first
    WHERE NOT EXISTS (
        SELECT FROM notifications_firstreport AS known
        WHERE known.source_id = first.source_id AND known.told = first.told
            AND known.app = first.app AND known.per_device = first.per_device
            AND known.report <= first.id
            AND known.recorded_at <= first.recorded_at
            AND known.recorded_xid <= first.recorded_xid
    );
    RETURN NULL;
END
$body$;
CREATE TRIGGER note_first AFTER INSERT ON notifications_{name}
    REFERENCING NEW TABLE AS reported
    FOR EACH STATEMENT EXECUTE FUNCTION note_first_{name}();
"""
# Those that are on record already: each that comes before all that were recorded before it.
FILL = """
INSERT INTO notifications_firstreport (
    source_id, told, app, per_device, report, recorded_at, recorded_xid
)
SELECT source_id, told, app, per_device, id, recorded_at, recorded_xid
FROM (
    SELECT *, min(id::text) OVER (
        PARTITION BY source_id, told, app, per_device ORDER BY recorded_xid, id
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS before
    FROM ({rows}) AS report
) AS report
WHERE before IS NULL OR id::text < before
ORDER BY recorded_xid, id;
"""
NOTIFICATIONS = """
    SELECT source_id, message_type AS told, COALESCE(app_id, '') AS app, per_device, id,
        recorded_at, recorded_xid
    FROM {table}
    WHERE source_id IS NOT NULL AND message_type IN (
        'mtoken.operationInit', 'mtoken.operationFinished', 'mtoken.statusChange',
        'mtoken.inboxMessage.new'
    )
"""
EVENTS = """
    SELECT source_id, '{told}' AS told, COALESCE(app, '') AS app, false AS per_device, id,
        recorded_at, recorded_xid
    FROM {{table}} LEFT JOIN LATERAL unnest(apps) AS named (app) ON TRUE
    WHERE source_id IS NOT NULL
"""
TOLD_BY = {
    "notification": NOTIFICATIONS,
    "activationevent": EVENTS.format(told="registrations"),
    "operationevent": EVENTS.format(told="operations"),
    "inboxevent": EVENTS.format(told="inbox"),
}
NO_NOTE = """
DROP TRIGGER note_first ON notifications_{name};
DROP FUNCTION note_first_{name}();
"""


def note(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        for name, rows in TOLD_BY.items():
            # The trigger first: what is recorded from here on waits for this transaction.
            cursor.execute(NOTE.format(name=name, rows=rows.format(table="reported")))
            cursor.execute(FILL.format(rows=rows.format(table=f"notifications_{name}")))


def note_no_more(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        for name in TOLD_BY:
            cursor.execute(NO_NOTE.format(name=name))


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0030_operation_events_of_a_device"),
    ]

    operations = [
        migrations.CreateModel(
            name="FirstReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("told", models.CharField(help_text="A message type, or a kind of events.", max_length=32)),
                ("app", notifications.models.fields.IdentifierField(default="", help_text="Empty: it names none.", max_length=256)),
                ("per_device", models.BooleanField(default=False, help_text="A copy for one device.")),
                ("report", models.UUIDField(help_text="The id of the notification or event.")),
                ("recorded_at", models.DateTimeField()),
                ("recorded_xid", notifications.models.fields.TransactionIdField()),
                ("source", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="notifications.source")),
            ],
            options={
                "default_permissions": (),
                "indexes": [models.Index(fields=["source", "told", "app", "per_device", "report"], name="first_report")],
            },
        ),
        migrations.RunPython(note, note_no_more),
    ]
