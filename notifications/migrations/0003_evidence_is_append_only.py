"""The database itself refuses to change evidence, and makes the months it is kept in."""

from django.db import migrations

# Row triggers of a partitioned table are copied to its partitions, TRUNCATE triggers are not.
# ENABLE ALWAYS: session_replication_role = replica must not switch the guards off.
GUARDS = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION '% of % is refused: evidence is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation',
              HINT = 'Months leave as whole partitions, by the retention plan.';
END
$body$;

CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON notifications_notification
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE notifications_notification ENABLE ALWAYS TRIGGER refuse_change;
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON notifications_notification
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE notifications_notification ENABLE ALWAYS TRIGGER refuse_truncate;
"""
NO_GUARDS = """
DROP TRIGGER refuse_truncate ON notifications_notification;
DROP TRIGGER refuse_change ON notifications_notification;
DROP FUNCTION refuse_change();
"""

# Attaching a ready table locks out nobody who reads or records; PARTITION OF would.
PARTITIONS = """
CREATE FUNCTION attach_notifications(partition text, lower_bound text, upper_bound text)
RETURNS void LANGUAGE plpgsql SET search_path = {schema}, pg_temp AS $body$
BEGIN
    EXECUTE format(
        'CREATE TABLE %I (LIKE notifications_notification'
        ' INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)', partition);
    EXECUTE format(
        'CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON %I'
        ' FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', partition);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER refuse_truncate', partition);
    EXECUTE format(
        'ALTER TABLE notifications_notification ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)',
        partition, lower_bound, upper_bound);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER refuse_change', partition);
END
$body$;
REVOKE ALL ON FUNCTION attach_notifications(text, text, text) FROM PUBLIC;

CREATE FUNCTION first_id_at(moment timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $body$
    SELECT (lpad(to_hex(floor(extract(epoch FROM moment) * 1000)::bigint), 12, '0')
            || repeat('0', 20))::uuid
$body$;

CREATE FUNCTION ensure_partition(month date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $body$
DECLARE
    first_day timestamp := date_trunc('month', month::timestamp);
    partition text := 'notifications_notification_' || to_char(first_day, '"y"YYYY"m"MM');
BEGIN
    IF month < DATE '2015-01-01' OR month >= DATE '2100-01-01' THEN
        RAISE EXCEPTION 'no month of its own for %: 2015-01 to 2099-12 have one', month
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('ensure_partition'));
    IF to_regclass(quote_ident(partition)) IS NULL THEN
        PERFORM attach_notifications(
            partition,
            quote_literal(first_id_at(first_day AT TIME ZONE 'UTC')),
            quote_literal(first_id_at((first_day + interval '1 month') AT TIME ZONE 'UTC')));
    END IF;
END
$body$;
REVOKE ALL ON FUNCTION ensure_partition(date) FROM PUBLIC;

SELECT attach_notifications('notifications_notification_before_2015', 'MINVALUE',
    quote_literal(first_id_at('2015-01-01T00:00:00Z')));
SELECT attach_notifications('notifications_notification_from_2100',
    quote_literal(first_id_at('2100-01-01T00:00:00Z')), 'MAXVALUE');
"""
NO_PARTITIONS = """
DROP FUNCTION ensure_partition(date);
DROP FUNCTION first_id_at(timestamptz);
DROP FUNCTION attach_notifications(text, text, text);
"""


def make_partitions(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        # The functions run with the owner's rights, so they must not follow the caller's path.
        cursor.execute("SELECT quote_ident(current_schema())")
        (schema,) = cursor.fetchone()
        cursor.execute(PARTITIONS.replace("{schema}", schema))


def forget_partitions(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(NO_PARTITIONS)


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0002_notification"),
    ]

    operations = [
        migrations.RunSQL(GUARDS, NO_GUARDS),
        migrations.RunPython(make_partitions, forget_partitions),
    ]
