"""Who may report and who may see what gateways answered, and who may have Push Servers followed."""

from django.db import migrations

# As in 0004: Django makes permissions after all migrations have run; these are the same, earlier.
REPORTED = {"deliveryreport": "delivery report"}
ADD = [(model, f"add_{model}", f"Can add {name}") for model, name in REPORTED.items()]
VIEW = [(model, f"view_{model}", f"Can view {name}") for model, name in REPORTED.items()]
FOLLOW = [("pushserverreading", "follow", "Can start and stop the following of Push Servers")]
GROUPS = {
    "Emitters": ADD,
    "Support": VIEW,
    "Operators": [*VIEW, *FOLLOW],
    "Analysts": VIEW,
    "Auditors": VIEW,
}


def grant(apps, schema_editor):
    for name, rights in GROUPS.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=name)
        group.permissions.add(*(_permission(apps, *right) for right in rights))


def revoke(apps, schema_editor):
    """Takes the permissions away altogether, so from whomever they were given."""
    for model, codename, _ in (*ADD, *VIEW, *FOLLOW):
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
        ("notifications", "0021_deliveries_and_push_servers"),
    ]

    operations = [
        migrations.RunPython(grant, revoke),
    ]
