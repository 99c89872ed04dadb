"""What gateways answered, append-only as evidence is; and what reading a Push Server's database goes
by: how far it was read, its registrations as they were seen, and what is awaited from it."""

import django.db.models.deletion
import django.db.models.functions.datetime
import notifications.models.fields
from django.db import migrations, models


# ENABLE ALWAYS: session_replication_role = replica must not switch the guards off.
GUARD = """
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON notifications_deliveryreport
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE notifications_deliveryreport ENABLE ALWAYS TRIGGER refuse_change;
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON notifications_deliveryreport
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE notifications_deliveryreport ENABLE ALWAYS TRIGGER refuse_truncate;
"""
NO_GUARD = """
DROP TRIGGER refuse_truncate ON notifications_deliveryreport;
DROP TRIGGER refuse_change ON notifications_deliveryreport;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0020_hours_of_source_errors'),
    ]

    operations = [
        migrations.CreateModel(
            name='AwaitedMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.BigIntegerField(help_text='Its id there.')),
                ('registration', models.BigIntegerField()),
                ('awaited_since', models.DateTimeField()),
                ('is_given_up', models.BooleanField(default=False, help_text='It was told to stay so for ever.')),
            ],
            options={
                'verbose_name': 'awaited message',
                'verbose_name_plural': 'awaited messages',
            },
        ),
        migrations.CreateModel(
            name='DeliveryReport',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('key', notifications.models.fields.IdentifierField(help_text="The source's own name of the report.", max_length=256, null=True)),
                ('digest', models.BinaryField(max_length=32)),
                ('outcome', models.CharField(choices=[('accepted', 'accepted'), ('failed', 'failed'), ('pending', 'pending')], max_length=8)),
                ('code', notifications.models.fields.IdentifierField(help_text="The gateway's or the source's own word for it.", max_length=256, null=True)),
                ('gateway', models.CharField(choices=[('apns', 'apns'), ('fcm', 'fcm'), ('hms', 'hms')], help_text='Whose word that is, if told.', max_length=4, null=True)),
                ('is_final', models.BooleanField(default=False, help_text='It will not change; of pending: it stays so for ever.')),
                ('cause', models.CharField(choices=[('inactive_personal', 'inactive_personal'), ('gateway_not_configured', 'gateway_not_configured'), ('transport_error', 'transport_error'), ('no_flag', 'no_flag'), ('unknown', 'unknown')], help_text='Why it most likely stays so.', max_length=22, null=True)),
                ('registration', notifications.models.fields.IdentifierField(help_text="The source's own name of the registration that it was sent to.", max_length=256, null=True)),
                ('device_by', models.CharField(choices=[('request', 'request'), ('registration', 'registration'), ('nobody', 'nobody')], help_text='How its device is known.', max_length=12, null=True)),
                ('told_at', models.CharField(help_text='When it was emitted as the source wrote it, zone-less.', max_length=64, null=True)),
                ('zone', models.CharField(help_text='The zone which that was taken to be of.', max_length=64, null=True)),
                ('happened_at', models.DateTimeField(help_text='When the gateway answered, as told; null: it was not.', null=True)),
                ('observed_at', models.DateTimeField(help_text='It was so by then.')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('recorded_xid', notifications.models.fields.TransactionIdField(db_default=notifications.models.fields.CurrentTransactionId())),
            ],
            options={
                'verbose_name': 'delivery report',
                'verbose_name_plural': 'delivery reports',
            },
        ),
        migrations.CreateModel(
            name='PushRegistration',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.BigIntegerField(help_text='Its id there.')),
                ('app_id', notifications.models.fields.IdentifierField(max_length=256, null=True)),
                ('platform', models.CharField(choices=[('apns', 'apns'), ('fcm', 'fcm'), ('hms', 'hms')], max_length=4, null=True)),
                ('token', models.CharField(max_length=64, null=True)),
                ('is_active', models.BooleanField(null=True)),
                ('told_at', models.CharField(help_text='timestamp_last_registered as the source wrote it, zone-less.', max_length=64, null=True)),
                ('registered_at', models.DateTimeField(help_text='That, in the assumed zone.', null=True)),
                ('not_before', models.DateTimeField(null=True)),
                ('seen_at', models.DateTimeField()),
                ('last_seen_at', models.DateTimeField(null=True)),
                ('gone_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'registration of a Push Server',
                'verbose_name_plural': 'registrations of Push Servers',
            },
        ),
        migrations.CreateModel(
            name='PushServerReading',
            fields=[
                ('source', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='reading', serialize=False, to='notifications.source')),
                ('zone', models.CharField(help_text='Its zone-less times are taken to be of it.', max_length=64)),
                ('is_wanted', models.BooleanField(default=False, help_text='The worker follows it.')),
                ('wanted_by', models.CharField(blank=True, help_text='Who started or stopped it.', max_length=150)),
                ('wanted_at', models.DateTimeField(null=True)),
                ('positions', models.JSONField(default=dict)),
                ('rows_read', models.BigIntegerField(default=0)),
                ('rows_estimate', models.BigIntegerField(help_text='About how many there are.', null=True)),
                ('begun_at', models.DateTimeField(null=True)),
                ('polled_at', models.DateTimeField(help_text='When it was last read to its end.', null=True)),
                ('registrations_at', models.DateTimeField(help_text='When all of its registrations were last compared.', null=True)),
                ('storage', models.CharField(choices=[('unknown', 'not known'), ('on', 'on'), ('off', 'off')], default='unknown', max_length=7)),
                ('storage_since', models.DateTimeField(null=True)),
                ('problem', models.TextField(blank=True, help_text='Why it cannot be read, and what to do.')),
                ('problem_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'reading',
                'verbose_name_plural': 'readings',
                'permissions': (('follow', 'Can start and stop the following of Push Servers'),),
            },
        ),
        migrations.RemoveConstraint(
            model_name='notification',
            name='notification_copy_names_its_device',
        ),
        migrations.AddField(
            model_name='activationevent',
            name='not_before',
            field=models.DateTimeField(help_text='It had not happened by then; null: that was not seen.', null=True),
        ),
        migrations.AlterField(
            model_name='notification',
            name='per_device',
            field=models.BooleanField(help_text='This is the copy made for the activation, or for one that is not known.'),
        ),
        migrations.AddField(
            model_name='awaitedmessage',
            name='notification',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='%(class)ss', to='notifications.notification'),
        ),
        migrations.AddField(
            model_name='awaitedmessage',
            name='source',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='%(class)ss', to='notifications.source'),
        ),
        migrations.AddField(
            model_name='deliveryreport',
            name='notification',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='deliveries', to='notifications.notification'),
        ),
        migrations.AddField(
            model_name='deliveryreport',
            name='source',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='deliveries', to='notifications.source'),
        ),
        migrations.AddField(
            model_name='pushregistration',
            name='activation',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='%(class)ss', to='notifications.activation'),
        ),
        migrations.AddField(
            model_name='pushregistration',
            name='recipient',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='%(class)ss', to='notifications.recipient'),
        ),
        migrations.AddField(
            model_name='pushregistration',
            name='source',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='%(class)ss', to='notifications.source'),
        ),
        migrations.AddConstraint(
            model_name='awaitedmessage',
            constraint=models.UniqueConstraint(fields=('source', 'number', 'notification'), name='awaited_message_once'),
        ),
        migrations.AddIndex(
            model_name='deliveryreport',
            index=models.Index(fields=['notification', 'id'], name='delivery_notification'),
        ),
        migrations.AddIndex(
            model_name='deliveryreport',
            index=models.Index(fields=['source', 'id'], name='delivery_source'),
        ),
        migrations.AddIndex(
            model_name='deliveryreport',
            index=models.Index(fields=['recorded_xid', 'id'], name='delivery_recorded'),
        ),
        migrations.AddConstraint(
            model_name='deliveryreport',
            constraint=models.UniqueConstraint(condition=models.Q(('key__isnull', False)), fields=('source', 'key'), name='delivery_key'),
        ),
        migrations.AddConstraint(
            model_name='deliveryreport',
            constraint=models.CheckConstraint(condition=models.Q(('outcome__in', ['accepted', 'failed', 'pending'])), name='delivery_outcome'),
        ),
        migrations.AddConstraint(
            model_name='deliveryreport',
            constraint=models.CheckConstraint(condition=models.Q(('cause__isnull', True), ('cause__in', ['inactive_personal', 'gateway_not_configured', 'transport_error', 'no_flag', 'unknown']), _connector='OR'), name='delivery_cause'),
        ),
        migrations.AddConstraint(
            model_name='deliveryreport',
            constraint=models.CheckConstraint(condition=models.Q(('gateway__isnull', True), ('gateway__in', ['apns', 'fcm', 'hms']), _connector='OR'), name='delivery_gateway'),
        ),
        migrations.AddIndex(
            model_name='pushregistration',
            index=models.Index(fields=['source', 'number', 'seen_at'], name='push_registration_number'),
        ),
        migrations.AddIndex(
            model_name='pushregistration',
            index=models.Index(condition=models.Q(('recipient__isnull', False)), fields=['recipient', 'seen_at'], name='push_registration_recipient'),
        ),
        migrations.AddIndex(
            model_name='pushregistration',
            index=models.Index(condition=models.Q(('activation__isnull', False)), fields=['activation', 'seen_at'], name='push_registration_device'),
        ),
        migrations.AddConstraint(
            model_name='pushregistration',
            constraint=models.UniqueConstraint(condition=models.Q(('gone_at__isnull', True)), fields=('source', 'number'), name='push_registration_now'),
        ),
        migrations.RunSQL(GUARD, NO_GUARD),
    ]
