"""Migrations can be taken back."""

from django.contrib.auth.models import Group
from django.core.management import call_command


def analysts_may_see_user_ids() -> bool:
    rights = Group.objects.get(name="Analysts").permissions
    return rights.filter(codename="view_recipient").exists()


def test_analysts_lose_user_ids_and_get_them_back(committed_db: str) -> None:
    assert not analysts_may_see_user_ids()
    call_command("migrate", "notifications", "0008", verbosity=0)
    assert analysts_may_see_user_ids()
    call_command("migrate", "notifications", verbosity=0)
    assert not analysts_may_see_user_ids()
