"""The recorder's SQL. Each statement takes its rows as one JSON document, sorted by key."""

FIND_EXISTING = """
SELECT id, digest FROM notifications_notification WHERE id = ANY(%s)
"""

NAME_SOURCE = """
INSERT INTO notifications_source (slug) VALUES (%s) ON CONFLICT DO NOTHING
"""

NAME_RECIPIENTS = """
INSERT INTO notifications_recipient (user_id)
SELECT user_id FROM jsonb_array_elements_text(%s::jsonb) AS given (user_id)
WHERE NOT EXISTS (
    SELECT FROM notifications_recipient AS known WHERE known.user_id = given.user_id
)
ON CONFLICT DO NOTHING
"""

INSERT_NOTIFICATIONS = """
INSERT INTO notifications_notification (
    id, source_id, message_id, digest, message_type, result,
    operation_id, activation_id, inbox_message_id, recipient_id,
    addressed_to, per_device, app_id, platform, silent, personal,
    extras, findings, rules, emitted_at
)
SELECT
    given.id, %s, given.message_id, decode(given.digest, 'hex'), given.message_type, given.result,
    given.operation_id, given.activation_id, given.inbox_message_id, recipient.id,
    given.addressed_to, given.per_device, given.app_id, given.platform,
    given.silent, given.personal, given.extras, given.findings, %s, given.emitted_at
FROM jsonb_to_recordset(%s::jsonb) AS given (
    id uuid, message_id text, digest text, message_type text, result text,
    operation_id text, activation_id text, inbox_message_id text, user_id text,
    addressed_to text, per_device boolean, app_id text, platform text,
    silent boolean, personal boolean, extras jsonb, findings jsonb, emitted_at timestamptz
)
LEFT JOIN notifications_recipient AS recipient ON recipient.user_id = given.user_id
ORDER BY given.id
ON CONFLICT (id) DO NOTHING
RETURNING id
"""

# The name is that of the earliest notification that names the operation, the result that of the
# latest finish. Nothing is written where nothing changes: most messages tell nothing new.
FOLD_OPERATIONS = """
INSERT INTO notifications_operation AS known (
    id, first_notification_id, name, named_by_id, first_init_id, last_finish_id, result
)
SELECT id, first_notification_id, name, named_by_id, first_init_id, last_finish_id, result
FROM jsonb_to_recordset(%s::jsonb) AS given (
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
    OR known.last_finish_id < excluded.last_finish_id
"""

_FOLD_SUBJECTS = """
INSERT INTO notifications_{table} AS known (id, first_notification_id)
SELECT id, first_notification_id
FROM jsonb_to_recordset(%s::jsonb) AS given (id text, first_notification_id uuid)
ORDER BY id
ON CONFLICT (id) DO UPDATE SET first_notification_id = excluded.first_notification_id
WHERE known.first_notification_id > excluded.first_notification_id
"""
FOLD_ACTIVATIONS = _FOLD_SUBJECTS.format(table="activation")
FOLD_INBOX_MESSAGES = _FOLD_SUBJECTS.format(table="inboxmessage")
