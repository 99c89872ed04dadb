"""What people note of gaps, append-only as evidence is; and how many gaps there are in each hour,
which the worker keeps: so the overview keeps no numbers of its own."""

import django.db.models.functions.datetime
import notifications.models.fields
from django.db import migrations, models


# ENABLE ALWAYS: session_replication_role = replica must not switch the guards off.
GUARD = """
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON notifications_gapnote
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE notifications_gapnote ENABLE ALWAYS TRIGGER refuse_change;
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON notifications_gapnote
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE notifications_gapnote ENABLE ALWAYS TRIGGER refuse_truncate;
"""
NO_GUARD = """
DROP TRIGGER refuse_truncate ON notifications_gapnote;
DROP TRIGGER refuse_change ON notifications_gapnote;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0027_rights_of_settings'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='overview',
            name='gaps_by_hour',
        ),
        migrations.AlterField(
            model_name='overview',
            name='newest_missing',
            field=models.JSONField(default=list, help_text='Those that are open.'),
        ),
        migrations.CreateModel(
            name='GapHour',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hour', models.DateTimeField()),
                ('rule', models.CharField(max_length=2)),
                ('reason', models.CharField(max_length=32)),
                ('counts_as', models.CharField(max_length=10)),
                ('app_id', notifications.models.fields.IdentifierField(max_length=256, null=True)),
                ('source', notifications.models.fields.IdentifierField(max_length=64, null=True)),
                ('count', models.IntegerField()),
                ('open', models.IntegerField()),
            ],
            options={
                'permissions': (('view_metrics', 'Can read metrics'),),
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('hour', 'rule', 'reason', 'counts_as', 'app_id', 'source'), name='gap_hour_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='GapLook',
            fields=[
                ('hour', models.DateTimeField(primary_key=True, serialize=False)),
                ('looked_at', models.DateTimeField(help_text='By the clock of the database.', null=True)),
                ('touched_at', models.DateTimeField(help_text='Since it was last looked at.', null=True)),
                ('again_at', models.DateTimeField(null=True)),
                ('unjudged', models.IntegerField(default=0, help_text='Operations with too many messages, in all that was looked at with it.')),
                ('too_much', models.BooleanField(default=False, help_text='Nothing is told: too many to judge.')),
            ],
            options={
                'default_permissions': (),
                'indexes': [models.Index(condition=models.Q(('touched_at__isnull', False)), fields=['hour'], name='gap_look_touched'), models.Index(condition=models.Q(('again_at__isnull', False)), fields=['again_at'], name='gap_look_again')],
            },
        ),
        migrations.CreateModel(
            name='GapMark',
            fields=[
                ('id', models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('below', notifications.models.fields.TransactionIdField(default=0)),
                ('terms', models.CharField(default='', max_length=64)),
                ('worked_at', models.DateTimeField(help_text='When a worker last saw to it.', null=True)),
            ],
            options={
                'default_permissions': (),
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='gap_mark_is_one')],
            },
        ),
        migrations.CreateModel(
            name='GapNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('acknowledged', 'acknowledged'), ('reopened', 'reopened'), ('note', 'note')], max_length=12)),
                ('note', models.CharField(max_length=1000)),
                ('who', models.CharField(help_text='The user name at that time.', max_length=150)),
                ('via', models.CharField(choices=[('admin', 'Admin'), ('api', 'API'), ('command', 'Command')], max_length=7)),
                ('key', notifications.models.fields.IdentifierField(max_length=300)),
                ('rule', models.CharField(max_length=2)),
                ('reason', models.CharField(max_length=32)),
                ('counts_as', models.CharField(max_length=10)),
                ('at', models.DateTimeField(help_text='When it was first owed.')),
                ('app_id', notifications.models.fields.IdentifierField(max_length=256, null=True)),
                ('source', notifications.models.fields.IdentifierField(max_length=64, null=True)),
                ('message_type', notifications.models.fields.IdentifierField(max_length=256, null=True)),
                ('operation', notifications.models.fields.IdentifierField(max_length=256, null=True)),
                ('activation', notifications.models.fields.IdentifierField(max_length=256, null=True)),
                ('noted_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('recorded_xid', notifications.models.fields.TransactionIdField(db_default=notifications.models.fields.CurrentTransactionId())),
            ],
            options={
                'verbose_name': 'note on a gap',
                'verbose_name_plural': 'notes on gaps',
                'permissions': (('acknowledge_gap', 'Can acknowledge gaps'),),
                'default_permissions': (),
                'indexes': [models.Index(fields=['key', 'id'], name='gap_note_key'), models.Index(fields=['noted_at'], name='gap_note_noted_at'), models.Index(fields=['recorded_xid'], name='gap_note_recorded')],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['acknowledged', 'reopened', 'note'])), name='gap_note_kind'), models.CheckConstraint(condition=models.Q(('note', ''), _negated=True), name='gap_note_says'), models.CheckConstraint(condition=models.Q(('rule__in', ['E0', 'E1', 'E2', 'E3', 'E4', 'E5', 'E6', 'E7'])), name='gap_note_rule'), models.CheckConstraint(condition=models.Q(('counts_as__in', ['missing', 'explained', 'undecided', 'pending'])), name='gap_note_counts_as')],
            },
        ),
        migrations.RunSQL(GUARD, NO_GUARD),
    ]
