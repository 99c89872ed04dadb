"""Who may set where rules apply, and who may see what was set that changes verdicts."""

from django.db import migrations

# As in 0004: Django makes permissions after all migrations have run; these are the same, earlier.
SET = [("rulesetting", "set_rules", "Can set where rules apply")]
VIEW = [("settingchange", "view_settingchange", "Can view change of a setting")]
GROUPS = {
    "Operators": [*SET, *VIEW],
    "Auditors": VIEW,
}


def grant(apps, schema_editor):
    for name, rights in GROUPS.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=name)
        group.permissions.add(*(_permission(apps, *right) for right in rights))


def revoke(apps, schema_editor):
    """Takes the permissions away altogether, so from whomever they were given."""
    for model, codename, _ in (*SET, *VIEW):
        apps.get_model("auth", "Permission").objects.filter(
            content_type__app_label="notifications", content_type__model=model, codename=codename
        ).delete()


def _permission(apps, model, codename, name):
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="notifications", model=model
    )
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type, codename=codename, defaults={"name": name}
    )
    return permission


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0026_settings_of_rules"),
    ]

    operations = [
        migrations.RunPython(grant, revoke),
    ]
