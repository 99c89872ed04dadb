"""A service account and a token for it; the token is shown once and stored as a hash."""

import getpass
import re
from argparse import ArgumentParser
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from notifications.models import Account
from notifications.models.setting import note_limit
from notifications.models.source import is_slug
from notifications.models.tokens import MAX_DAYS, make_token, why_no_token
from notifications.protocol.extras import MAX_IDENTIFIER

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class Command(BaseCommand):
    help = (
        "Makes a token for the service account NAME, and the account if need be. NAME is the source"
        " its notifications are recorded under. The last line printed is the token alone."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help="lower-case letters, digits and hyphens")
        parser.add_argument("--group", required=True, help="Emitters, Support, Analysts, …")
        parser.add_argument("--expires", metavar="90d", help="30m, 12h or 90d; default: never")
        parser.add_argument(
            "--app",
            action="append",
            help="the account may read of this app and of no other but those named with it; can be"
            " repeated; default: as it was, and of a new account all",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        name: str = options["name"]
        if not is_slug(name):
            raise CommandError(
                f"{name!r} is no name for a source: up to 64 lower-case letters, digits and"
                " hyphens, the first no hyphen"
            )
        expiry = _duration(options["expires"]) if options["expires"] else None
        apps = _apps(options["app"] or ())
        with transaction.atomic():
            account = _service_account(name)
            account.groups.add(_group(options["group"]))
            if apps and apps != account.apps:
                note_limit(name, account.apps, apps, who=f"command, user {getpass.getuser()}")
                account.apps = apps
                account.save(update_fields=["apps"])
            token, secret = make_token(account, life=expiry)
        until = f"expires {token.expiry:%Y-%m-%d %H:%M} UTC" if token.expiry else "does not expire"
        limit = f"reads of {', '.join(account.apps)} only; " if account.apps else ""
        self.stdout.write(
            f"{name}, group {options['group']}; {limit}this token {until}; it is shown once"
        )
        self.stdout.write(secret)


def _service_account(name: str) -> Account:
    account, created = Account.objects.get_or_create(username=name)
    if created:
        account.set_unusable_password()
        account.save(update_fields=["password"])
    elif why := why_no_token(account):
        raise CommandError(f"{name!r} {why}")
    return account


def _group(name: str) -> Group:
    try:
        return Group.objects.get(name=name)
    except Group.DoesNotExist:
        known = ", ".join(Group.objects.order_by("name").values_list("name", flat=True))
        raise CommandError(f"there is no group {name!r}; the groups are {known}") from None


def _apps(given: Iterable[str]) -> list[str]:
    for app in given:
        if not 0 < len(app) <= MAX_IDENTIFIER or "\0" in app:
            raise CommandError(f"--app must be an app id of 1 to {MAX_IDENTIFIER} characters")
    return list(dict.fromkeys(given))


def _duration(text: str) -> timedelta:
    match = re.fullmatch(r"([1-9][0-9]{0,6})([mhd])", text, re.ASCII)
    if match is None:
        raise CommandError(f"--expires {text!r} is no duration: write 30m, 12h or 90d")
    duration = timedelta(**{_UNITS[match[2]]: int(match[1])})
    if duration > timedelta(days=MAX_DAYS):
        raise CommandError(f"--expires {text!r} is over {MAX_DAYS} days; leave it out for never")
    return duration
