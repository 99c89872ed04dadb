"""What was set of where rules apply, and what else was set that changes verdicts: append-only."""

import django.db.models.deletion
import django.db.models.functions.datetime
import notifications.models.fields
from django.db import migrations, models


# ENABLE ALWAYS: session_replication_role = replica must not switch the guards off.
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
        ('notifications', '0025_clocks'),
    ]

    operations = [
        migrations.CreateModel(
            name='SettingChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='Of the setting.', max_length=64)),
                ('about', notifications.models.fields.IdentifierField(default='', help_text='Of the environment, the kind of process that has it so; else the source or the account that it is of.', max_length=256)),
                ('before', models.TextField(help_text='Null: it was noted for the first time.', null=True)),
                ('after', models.TextField()),
                ('note', models.CharField(default='', max_length=500)),
                ('who', models.CharField(help_text='An account; of the environment, the process that noticed and its user.', max_length=200)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='When it was changed, or noticed.')),
            ],
            options={
                'verbose_name': 'change of a setting',
                'verbose_name_plural': 'changes of settings',
                'indexes': [models.Index(fields=['name', 'about', 'id'], name='setting_change_latest'), models.Index(fields=['at'], name='setting_change_at')],
            },
        ),
        migrations.CreateModel(
            name='RuleSetting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('app', notifications.models.fields.IdentifierField(blank=True, default='', help_text='Empty: any app.', max_length=256)),
                ('rule', models.CharField(choices=[('E0', 'E0'), ('E1', 'E1'), ('E2', 'E2'), ('E4', 'E4'), ('E5', 'E5'), ('E6', 'E6'), ('E7', 'E7')], max_length=2)),
                ('says', models.CharField(choices=[('applies', 'applies'), ('applies_not', 'does not apply'), ('learned', 'as learned')], max_length=11)),
                ('since', models.DateTimeField(help_text='From then on; null: from ever.', null=True)),
                ('until', models.DateTimeField(help_text='Before then; null: for ever.', null=True)),
                ('note', models.CharField(help_text='Why.', max_length=500)),
                ('who', models.CharField(max_length=150)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('recorded_xid', notifications.models.fields.TransactionIdField(db_default=notifications.models.fields.CurrentTransactionId())),
                ('source', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='notifications.source')),
            ],
            options={
                'verbose_name': 'setting of a rule',
                'verbose_name_plural': 'settings of rules',
                'permissions': (('set_rules', 'Can set where rules apply'),),
                'default_permissions': (),
                'indexes': [models.Index(fields=['source', 'app', 'rule', 'id'], name='rule_setting_latest')],
                'constraints': [models.CheckConstraint(condition=models.Q(('rule__in', ['E0', 'E1', 'E2', 'E4', 'E5', 'E6', 'E7'])), name='rule_setting_rule'), models.CheckConstraint(condition=models.Q(('says__in', ['applies', 'applies_not', 'learned'])), name='rule_setting_says'), models.CheckConstraint(condition=models.Q(('since__isnull', True), ('until__isnull', True), ('since__lt', models.F('until')), _connector='OR'), name='rule_setting_bounds')],
            },
        ),
        *(
            migrations.RunSQL(GUARD.format(table=table), NO_GUARD.format(table=table))
            for table in ("rulesetting", "settingchange")
        ),
    ]
