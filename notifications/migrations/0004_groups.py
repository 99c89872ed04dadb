"""The groups that rights come in, the same for the API and the admin."""

from django.db import migrations

READ = ("notification", "operation", "activation", "inboxmessage", "recipient", "source")
GROUPS = {
    "Emitters": [("add", "notification")],
    "Support": [("view", model) for model in READ],
    "Operators": [("view", model) for model in READ],
    "Analysts": [("view", model) for model in READ],
    "Auditors": [("view", model) for model in READ],
}
NAMES = {"inboxmessage": "inbox message"}


def make_groups(apps, schema_editor):
    for name, rights in GROUPS.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=name)
        group.permissions.add(*(_permission(apps, *right) for right in rights))


def remove_groups(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name__in=GROUPS).delete()


def _permission(apps, action, model):
    """Django makes permissions after all migrations have run; these are the same ones, earlier."""
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="notifications", model=model
    )
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type,
        codename=f"{action}_{model}",
        defaults={"name": f"Can {action} {NAMES.get(model, model)}"},
    )
    return permission


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0003_evidence_is_append_only"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunPython(make_groups, remove_groups),
    ]
