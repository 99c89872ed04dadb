"""Accounts to look at: of people and of services, with tokens in every state."""

from datetime import timedelta

from django.contrib.auth.models import Group
from knox.models import AuthToken

from notifications.models import Account

REPORTER, READER, RETIRED = "retail-bank", "support-desk", "old-mirror"


def fill() -> None:
    for name, group in ((REPORTER, "Emitters"), (READER, "Support"), (RETIRED, "Emitters")):
        account = Account(username=name, is_active=name != RETIRED)
        account.set_unusable_password()
        account.save()
        account.groups.add(Group.objects.get(name=group))
        for life in (None, timedelta(days=90), timedelta(seconds=-1)):
            AuthToken.objects.create(account, expiry=life)
    Account.objects.filter(username=READER).update(apps=["retail", "W" * 200])
