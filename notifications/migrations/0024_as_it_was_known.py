"""What was looked at as of an earlier moment says of which; and it stays known how far the
registrations of Push Servers were compared by then, append-only as evidence is."""

import django.db.models.deletion
import django.db.models.functions.datetime
import notifications.models.fields
from django.db import migrations, models


# ENABLE ALWAYS: session_replication_role = replica must not switch the guards off.
GUARD = """
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON notifications_pushcomparing
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE notifications_pushcomparing ENABLE ALWAYS TRIGGER refuse_change;
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON notifications_pushcomparing
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE notifications_pushcomparing ENABLE ALWAYS TRIGGER refuse_truncate;
"""
NO_GUARD = """
DROP TRIGGER refuse_truncate ON notifications_pushcomparing;
DROP TRIGGER refuse_change ON notifications_pushcomparing;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0023_exports_of_deliveries'),
    ]

    operations = [
        migrations.AddField(
            model_name='accessrecord',
            name='as_of',
            field=models.DateTimeField(help_text='By what was known at this moment; null: when it was looked at.', null=True),
        ),
        migrations.CreateModel(
            name='PushComparing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('compared_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('recorded_xid', notifications.models.fields.TransactionIdField(db_default=notifications.models.fields.CurrentTransactionId())),
                ('source', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='%(class)ss', to='notifications.source')),
            ],
            options={
                'verbose_name': 'comparing',
                'verbose_name_plural': 'comparings',
                'default_permissions': (),
                'indexes': [models.Index(fields=['source', 'recorded_at'], name='push_comparing_source')],
            },
        ),
        migrations.RunSQL(GUARD, NO_GUARD),
    ]
