"""Recording as one statement, so that a single post costs one round trip and is its own
transaction, and every way in runs the same lines."""

from django.db import migrations

# Statements are in the one order that all recorders keep: recipients, notifications, operations,
# activations, inbox messages, each sorted by key. Subjects change commutatively and idempotently.
RECORD = """
CREATE FUNCTION record_notifications(
    ids uuid[], source_slug text, rules_version smallint, users jsonb, emissions jsonb,
    operations jsonb, activations jsonb, inbox_messages jsonb
) RETURNS TABLE (standing_id uuid, standing_digest bytea)
LANGUAGE plpgsql
-- Plans are made once for a connection, since making them costs a single post more than running
-- them; and for tables that grow, whatever their sizes are at that moment.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $body$
BEGIN
    -- Planned each time: while a month is small any of its indexes looks as good as its key.
    RETURN QUERY EXECUTE
        'SELECT id, digest FROM notifications_notification WHERE id = ANY($1)' USING ids;
    IF FOUND THEN
        RETURN;
    END IF;

    INSERT INTO notifications_source (slug) VALUES (source_slug) ON CONFLICT DO NOTHING;

    -- Recipients are looked up one by one: a join would read all of them for each post, too.
    INSERT INTO notifications_recipient (user_id)
    SELECT user_id FROM jsonb_array_elements_text(users) AS given (user_id)
    WHERE (
        SELECT known.id FROM notifications_recipient AS known WHERE known.user_id = given.user_id
    ) IS NULL
    ON CONFLICT DO NOTHING;

    INSERT INTO notifications_notification (
        id, source_id, message_id, digest, message_type, result,
        operation_id, activation_id, inbox_message_id, recipient_id,
        addressed_to, per_device, app_id, platform, silent, personal,
        extras, findings, rules, emitted_at
    )
    SELECT
        given.id, source_slug, given.message_id, decode(given.digest, 'base64'),
        given.message_type, given.result,
        given.operation_id, given.activation_id, given.inbox_id,
        (SELECT known.id FROM notifications_recipient AS known WHERE known.user_id = given.user_id),
        given.addressed_to, given.per_device, given.app_id, given.platform,
        given.silent, given.personal, given.extras, given.findings, rules_version,
        given.emitted_at
    FROM ROWS FROM (
        jsonb_to_recordset(emissions) AS (
            message_id text, digest text, message_type text, result text,
            operation_id text, activation_id text, inbox_id text, user_id text,
            addressed_to text, per_device boolean, app_id text, platform text,
            silent boolean, personal boolean, extras jsonb, findings jsonb, emitted_at timestamptz
        ),
        unnest(ids)
    ) AS given (
        message_id, digest, message_type, result, operation_id, activation_id, inbox_id, user_id,
        addressed_to, per_device, app_id, platform, silent, personal, extras, findings, emitted_at,
        id
    )
    ORDER BY given.id;

    -- The name is that of the earliest notification that names the operation, the result that of
    -- the latest finish. Nothing is written where nothing changes: most messages tell nothing new.
    INSERT INTO notifications_operation AS known (
        id, first_notification_id, name, named_by_id, first_init_id, last_finish_id, result
    )
    SELECT id, first_notification_id, name, named_by_id, first_init_id, last_finish_id, result
    FROM jsonb_to_recordset(operations) AS given (
        id text, first_notification_id uuid, name text, named_by_id uuid,
        first_init_id uuid, last_finish_id uuid, result text
    )
    ORDER BY id
    ON CONFLICT (id) DO UPDATE SET
        first_notification_id = LEAST(known.first_notification_id, excluded.first_notification_id),
        name = CASE
            WHEN known.named_by_id <= excluded.named_by_id THEN known.name
            ELSE COALESCE(excluded.name, known.name)
        END,
        named_by_id = LEAST(known.named_by_id, excluded.named_by_id),
        first_init_id = LEAST(known.first_init_id, excluded.first_init_id),
        result = CASE
            WHEN excluded.last_finish_id IS NULL OR known.last_finish_id >= excluded.last_finish_id
            THEN known.result
            ELSE excluded.result
        END,
        last_finish_id = GREATEST(known.last_finish_id, excluded.last_finish_id)
    WHERE
        known.first_notification_id > excluded.first_notification_id
        OR known.named_by_id IS NULL AND excluded.named_by_id IS NOT NULL
        OR known.named_by_id > excluded.named_by_id
        OR known.first_init_id IS NULL AND excluded.first_init_id IS NOT NULL
        OR known.first_init_id > excluded.first_init_id
        OR known.last_finish_id IS NULL AND excluded.last_finish_id IS NOT NULL
        OR known.last_finish_id < excluded.last_finish_id;

    INSERT INTO notifications_activation AS known (id, first_notification_id)
    SELECT id, first_notification_id
    FROM jsonb_to_recordset(activations) AS given (id text, first_notification_id uuid)
    ORDER BY id
    ON CONFLICT (id) DO UPDATE SET first_notification_id = excluded.first_notification_id
    WHERE known.first_notification_id > excluded.first_notification_id;

    INSERT INTO notifications_inboxmessage AS known (id, first_notification_id)
    SELECT id, first_notification_id
    FROM jsonb_to_recordset(inbox_messages) AS given (id text, first_notification_id uuid)
    ORDER BY id
    ON CONFLICT (id) DO UPDATE SET first_notification_id = excluded.first_notification_id
    WHERE known.first_notification_id > excluded.first_notification_id;
END
$body$;
"""
NO_RECORD = """
DROP FUNCTION record_notifications(uuid[], text, smallint, jsonb, jsonb, jsonb, jsonb, jsonb);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0004_groups"),
    ]

    operations = [
        migrations.RunSQL(RECORD, NO_RECORD),
    ]
