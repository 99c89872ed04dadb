"""What was found of the gaps of an hour is kept, with what it rests on."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0031_first_reports'),
    ]

    operations = [
        migrations.AddField(
            model_name='gaplook',
            name='found',
            field=models.TextField(help_text='JSON; null: not kept.', null=True),
        ),
        migrations.AddField(
            model_name='gaplook',
            name='rests_on',
            field=models.CharField(db_default='', help_text='A digest; empty: not yet.', max_length=32),
        ),
        migrations.AddField(
            model_name='gaplook',
            name='rests_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='gapmark',
            name='compared_at',
            field=models.DateTimeField(help_text='By the clock of the database.', null=True),
        ),
        migrations.AddIndex(
            model_name='gaplook',
            index=models.Index(condition=models.Q(('rests_on', ''), _negated=True), fields=['-rests_until', '-hour'], name='gap_look_rests'),
        ),
    ]
