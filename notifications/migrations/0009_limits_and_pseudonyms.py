"""Accounts may be limited to apps, and analysts read pseudonyms in place of user ids."""

import django.contrib.postgres.fields
from django.db import migrations, models


def take_user_ids(apps, schema_editor):
    for group in apps.get_model("auth", "Group").objects.filter(name="Analysts"):
        group.permissions.remove(*_view_recipient(apps))


def give_user_ids(apps, schema_editor):
    for group in apps.get_model("auth", "Group").objects.filter(name="Analysts"):
        group.permissions.add(*_view_recipient(apps))


def _view_recipient(apps):
    """0004 made it."""
    return apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="notifications",
        content_type__model="recipient",
        codename="view_recipient",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0008_notification_source_type"),
    ]

    operations = [
        migrations.AddField(
            model_name="account",
            name="apps",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=256),
                blank=True,
                default=list,
                help_text="The ids of the apps that this account may read of, one a line; none: of all. It is then answered over REST as if only notifications that name one of them were recorded, and has no access to these pages. Posting is not limited.",
                size=None,
            ),
        ),
        migrations.RunPython(take_user_ids, give_user_ids),
    ]
