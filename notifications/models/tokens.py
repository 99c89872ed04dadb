"""Service accounts and their tokens: who may have one, and how it is made.

Beside the package and not offered by it: knox's models can be imported only after ours.
"""

from datetime import timedelta

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from knox.models import AuthToken

from .account import Account

MAX_DAYS = 3650
# For queries on accounts: what ``is_service`` says of one.
SERVICE = Q(password__startswith=UNUSABLE_PASSWORD_PREFIX, is_staff=False)
# For queries on tokens: those that are accepted. An expired one stays until somebody revokes it.
IN_USE = Q(user__is_active=True) & (Q(expiry=None) | Q(expiry__gt=Now()))


def is_service(account: Account) -> bool:
    return not account.has_usable_password() and not account.is_staff


def service_accounts() -> QuerySet[Account]:
    """Those that may have a token, by name."""
    return Account.objects.filter(SERVICE, is_active=True).order_by("username")


def why_no_token(account: Account) -> str:
    """Why ``account`` may have none, as the end of a sentence; "" when it may."""
    if not is_service(account):
        return "is a person's account; choose another name"
    if not account.is_active:
        return "is deactivated; activate it in the admin or use another name"
    return ""


def make_token(account: Account, *, life: timedelta | None) -> tuple[AuthToken, str]:
    """What is stored, and the token itself, which is told here and never again."""
    token, secret = AuthToken.objects.create(account, expiry=life)
    return token, secret
