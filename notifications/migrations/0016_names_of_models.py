"""What the models are called, in words that can be translated."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0015_overview'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='accessrecord',
            options={'verbose_name': 'access record', 'verbose_name_plural': 'access records'},
        ),
        migrations.AlterModelOptions(
            name='activation',
            options={'verbose_name': 'activation', 'verbose_name_plural': 'activations'},
        ),
        migrations.AlterModelOptions(
            name='export',
            options={'verbose_name': 'export', 'verbose_name_plural': 'exports'},
        ),
        migrations.AlterModelOptions(
            name='inboxmessage',
            options={'verbose_name': 'inbox message', 'verbose_name_plural': 'inbox messages'},
        ),
        migrations.AlterModelOptions(
            name='notification',
            options={'permissions': (('trace', 'Can trace devices, users and operations'),), 'verbose_name': 'notification', 'verbose_name_plural': 'notifications'},
        ),
        migrations.AlterModelOptions(
            name='operation',
            options={'verbose_name': 'operation', 'verbose_name_plural': 'operations'},
        ),
        migrations.AlterModelOptions(
            name='recipient',
            options={'verbose_name': 'recipient', 'verbose_name_plural': 'recipients'},
        ),
        migrations.AlterModelOptions(
            name='source',
            options={'ordering': ('slug',), 'verbose_name': 'source', 'verbose_name_plural': 'sources'},
        ),
    ]
