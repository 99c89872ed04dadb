"""Tracing tells more of a person than reading one notification does, so it is a right of its own;
what was traced is for auditors to read."""

from django.db import migrations

RIGHTS = {
    "Support": [("notification", "trace")],
    "Operators": [("notification", "trace")],
    "Auditors": [("notification", "trace"), ("accessrecord", "view_accessrecord")],
}
NAMES = {
    "trace": "Can trace devices, users and operations",
    "view_accessrecord": "Can view access record",
}


def give(apps, schema_editor):
    for group, right in _rights(apps):
        group.permissions.add(right)


def take(apps, schema_editor):
    for group, right in _rights(apps):
        group.permissions.remove(right)


def _rights(apps):
    """Django makes permissions after all migrations have run; these are the same ones, earlier."""
    for name, rights in RIGHTS.items():
        group = apps.get_model("auth", "Group").objects.get(name=name)
        for model, codename in rights:
            content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
                app_label="notifications", model=model
            )
            permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
                content_type=content_type, codename=codename, defaults={"name": NAMES[codename]}
            )
            yield group, permission


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0006_access_records"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="notification",
            options={"permissions": (("trace", "Can trace devices, users and operations"),)},
        ),
        migrations.RunPython(give, take),
    ]
