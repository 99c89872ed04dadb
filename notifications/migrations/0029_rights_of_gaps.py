"""Who may acknowledge gaps, and who may read metrics: a group of its own, for what scrapes them."""

from django.db import migrations

# As in 0004: Django makes permissions after all migrations have run; these are the same, earlier.
ACKNOWLEDGE = [("gapnote", "acknowledge_gap", "Can acknowledge gaps")]
METRICS = [("gaphour", "view_metrics", "Can read metrics")]
GROUPS = {
    "Support": ACKNOWLEDGE,
    "Operators": ACKNOWLEDGE,
    "Monitors": METRICS,
}


def grant(apps, schema_editor):
    for name, rights in GROUPS.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=name)
        group.permissions.add(*(_permission(apps, *right) for right in rights))


def revoke(apps, schema_editor):
    """Takes the permissions away altogether, so from whomever they were given, and the group."""
    for model, codename, _ in (*ACKNOWLEDGE, *METRICS):
        apps.get_model("auth", "Permission").objects.filter(
            content_type__app_label="notifications", content_type__model=model, codename=codename
        ).delete()
    apps.get_model("auth", "Group").objects.filter(name="Monitors").delete()


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
        ("notifications", "0028_gaps_as_a_working_list"),
    ]

    operations = [
        migrations.RunPython(grant, revoke),
    ]
