"""What PowerAuth and the Push Server tell of lives, append-only as evidence is; when sources are
known to have been recorded; and how messages asked to be shown."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import notifications.models.fields
from django.db import migrations, models


# ENABLE ALWAYS: session_replication_role = replica must not switch the guards off.
GUARDED = ("activationevent", "operationevent", "inboxevent", "presentation")
GUARD = """
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON notifications_{table}
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE notifications_{table} ENABLE ALWAYS TRIGGER refuse_change;
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON notifications_{table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE notifications_{table} ENABLE ALWAYS TRIGGER refuse_truncate;
"""
NO_GUARD = """
DROP TRIGGER refuse_truncate ON notifications_{table};
DROP TRIGGER refuse_change ON notifications_{table};
"""


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0016_names_of_models'),
    ]

    operations = [
        migrations.CreateModel(
            name='Content',
            fields=[
                ('notification', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='content', serialize=False, to='notifications.notification')),
                ('title', models.TextField(blank=True)),
                ('body', models.TextField(blank=True)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'verbose_name': 'content',
                'verbose_name_plural': 'contents',
            },
        ),
        migrations.CreateModel(
            name='Presentation',
            fields=[
                ('notification', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='presentation', serialize=False, to='notifications.notification')),
                ('mode', notifications.models.fields.IdentifierField(max_length=256, null=True)),
                ('priority', notifications.models.fields.IdentifierField(max_length=256, null=True)),
                ('category', notifications.models.fields.IdentifierField(max_length=256, null=True)),
                ('sound', notifications.models.fields.IdentifierField(max_length=256, null=True)),
                ('collapse_key', notifications.models.fields.IdentifierField(max_length=256, null=True)),
                ('valid_until', models.DateTimeField(null=True)),
                ('title_length', models.IntegerField(help_text='In characters.', null=True)),
                ('body_length', models.IntegerField(help_text='In characters.', null=True)),
                ('is_localized', models.BooleanField(default=False, help_text='The app fills in the texts by keys.')),
            ],
            options={
                'verbose_name': 'presentation',
                'verbose_name_plural': 'presentations',
            },
        ),
        migrations.CreateModel(
            name='ActivationEvent',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('key', notifications.models.fields.IdentifierField(help_text="The source's own name of the event.", max_length=256, null=True)),
                ('digest', models.BinaryField(max_length=32)),
                ('apps', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=256), default=list, size=None)),
                ('findings', models.JSONField(help_text='List of {code, key, detail}: fields that were unusable.')),
                ('happened_at', models.DateTimeField(help_text='As the source told it; null: it did not.', null=True)),
                ('observed_at', models.DateTimeField(help_text='It had happened by then.')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('recorded_xid', notifications.models.fields.TransactionIdField(db_default=notifications.models.fields.CurrentTransactionId())),
                ('kind', models.CharField(choices=[('status', 'status'), ('registered', 'registered'), ('unregistered', 'unregistered'), ('push_status', 'push_status')], max_length=12)),
                ('status', notifications.models.fields.IdentifierField(max_length=256, null=True)),
                ('reason', notifications.models.fields.IdentifierField(max_length=256, null=True)),
                ('platform', models.CharField(choices=[('apns', 'apns'), ('fcm', 'fcm'), ('hms', 'hms')], max_length=4, null=True)),
                ('push_active', models.BooleanField(null=True)),
                ('token', models.CharField(max_length=64, null=True)),
                ('is_request', models.BooleanField(default=False, help_text='A request was seen, and not what came of it.')),
                ('activation', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='%(class)ss', to='notifications.activation')),
                ('recipient', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='%(class)ss', to='notifications.recipient')),
                ('source', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='%(class)ss', to='notifications.source')),
            ],
            options={
                'verbose_name': 'activation event',
                'verbose_name_plural': 'activation events',
                'indexes': [models.Index(condition=models.Q(('activation__isnull', False)), fields=['activation', 'id'], name='activation_event_device'), models.Index(condition=models.Q(('token__isnull', False)), fields=['token', 'id'], name='activation_event_token'), models.Index(condition=models.Q(('recipient__isnull', False)), fields=['recipient', 'id'], name='activation_event_recipient'), models.Index(fields=['source', 'id'], name='activation_event_source'), models.Index(fields=['recorded_xid', 'id'], name='activation_event_recorded')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('key__isnull', False)), fields=('source', 'key'), name='activation_event_key'), models.CheckConstraint(condition=models.Q(('kind__in', ['status', 'registered', 'unregistered', 'push_status'])), name='activation_event_kind')],
            },
        ),
        migrations.CreateModel(
            name='Coverage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('began_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField()),
                ('kinds', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('heartbeat', 'heartbeat'), ('probe', 'probe through the proxy'), ('poll', 'poll'), ('report', 'report')], max_length=9), default=list, help_text='By what kinds of contact.', size=None)),
                ('source', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='%(class)ss', to='notifications.source')),
            ],
            options={
                'verbose_name': 'interval of coverage',
                'verbose_name_plural': 'coverage',
                'indexes': [models.Index(fields=['source', 'ended_at'], name='coverage_source')],
                'constraints': [models.CheckConstraint(condition=models.Q(('began_at__lte', models.F('ended_at'))), name='coverage_in_order')],
            },
        ),
        migrations.CreateModel(
            name='InboxEvent',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('key', notifications.models.fields.IdentifierField(help_text="The source's own name of the event.", max_length=256, null=True)),
                ('digest', models.BinaryField(max_length=32)),
                ('apps', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=256), default=list, size=None)),
                ('findings', models.JSONField(help_text='List of {code, key, detail}: fields that were unusable.')),
                ('happened_at', models.DateTimeField(help_text='As the source told it; null: it did not.', null=True)),
                ('observed_at', models.DateTimeField(help_text='It had happened by then.')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('recorded_xid', notifications.models.fields.TransactionIdField(db_default=notifications.models.fields.CurrentTransactionId())),
                ('silent', models.BooleanField(help_text='No push was wanted; null: not told.', null=True)),
                ('inbox_message', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='%(class)ss', to='notifications.inboxmessage')),
                ('recipient', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='%(class)ss', to='notifications.recipient')),
                ('source', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='%(class)ss', to='notifications.source')),
            ],
            options={
                'verbose_name': 'inbox event',
                'verbose_name_plural': 'inbox events',
                'indexes': [models.Index(condition=models.Q(('recipient__isnull', False)), fields=['recipient', 'id'], name='inbox_event_recipient'), models.Index(condition=models.Q(('inbox_message__isnull', False)), fields=['inbox_message', 'id'], name='inbox_event_inbox_message'), models.Index(fields=['source', 'id'], name='inbox_event_source'), models.Index(fields=['recorded_xid', 'id'], name='inbox_event_recorded')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('key__isnull', False)), fields=('source', 'key'), name='inbox_event_key')],
            },
        ),
        migrations.CreateModel(
            name='OperationEvent',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('key', notifications.models.fields.IdentifierField(help_text="The source's own name of the event.", max_length=256, null=True)),
                ('digest', models.BinaryField(max_length=32)),
                ('apps', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=256), default=list, size=None)),
                ('findings', models.JSONField(help_text='List of {code, key, detail}: fields that were unusable.')),
                ('happened_at', models.DateTimeField(help_text='As the source told it; null: it did not.', null=True)),
                ('observed_at', models.DateTimeField(help_text='It had happened by then.')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('recorded_xid', notifications.models.fields.TransactionIdField(db_default=notifications.models.fields.CurrentTransactionId())),
                ('status', notifications.models.fields.IdentifierField(max_length=256, null=True)),
                ('name', notifications.models.fields.IdentifierField(max_length=256, null=True)),
                ('external_id', notifications.models.fields.IdentifierField(max_length=256, null=True)),
                ('created_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(null=True)),
                ('activation', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='%(class)ss', to='notifications.activation')),
                ('operation', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='%(class)ss', to='notifications.operation')),
                ('recipient', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='%(class)ss', to='notifications.recipient')),
                ('source', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='%(class)ss', to='notifications.source')),
            ],
            options={
                'verbose_name': 'operation event',
                'verbose_name_plural': 'operation events',
                'indexes': [models.Index(condition=models.Q(('operation__isnull', False)), fields=['operation', 'id'], name='operation_event_operation'), models.Index(condition=models.Q(('external_id__isnull', False)), fields=['external_id', 'id'], name='operation_event_external'), models.Index(condition=models.Q(('recipient__isnull', False)), fields=['recipient', 'id'], name='operation_event_recipient'), models.Index(fields=['source', 'id'], name='operation_event_source'), models.Index(fields=['recorded_xid', 'id'], name='operation_event_recorded')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('key__isnull', False)), fields=('source', 'key'), name='operation_event_key')],
            },
        ),
        migrations.CreateModel(
            name='SourceError',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=64)),
                ('pointer', models.CharField(blank=True, help_text='Where the fault lies.', max_length=200)),
                ('count', models.BigIntegerField(default=1)),
                ('first_at', models.DateTimeField()),
                ('last_at', models.DateTimeField()),
                ('source', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='%(class)ss', to='notifications.source')),
            ],
            options={
                'verbose_name': 'error of a source',
                'verbose_name_plural': 'errors of sources',
                'constraints': [models.UniqueConstraint(fields=('source', 'code', 'pointer'), name='source_error_once')],
            },
        ),
        migrations.RunSQL(
            "".join(GUARD.format(table=each) for each in GUARDED),
            "".join(NO_GUARD.format(table=each) for each in GUARDED),
        ),
    ]
