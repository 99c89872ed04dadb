"""Who signs in: people with a password, service accounts with tokens."""

from zoneinfo import available_timezones

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models

from notifications.protocol.extras import MAX_IDENTIFIER

MAX_ZONE_NAME = 64


def check_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError("There is no time zone of this name.", code="time_zone")


class Account(AbstractUser):
    """Django's user as a model of ours, since a user model cannot be exchanged later.

    A service account has no usable password; its user name is the slug of the source it reports as.
    """

    apps = ArrayField(
        models.CharField(max_length=MAX_IDENTIFIER),
        default=list,
        blank=True,
        help_text="The ids of the apps that this account may read of, one a line; none: of all. It"
        " is then answered over REST as if only notifications that name one of them were"
        " recorded, and has no access to these pages. Posting is not limited.",
    )

    time_zone = models.CharField(
        max_length=MAX_ZONE_NAME,
        blank=True,
        validators=[check_time_zone],
        help_text="The own time zone, as Europe/Prague. The console tells times in it, or in UTC.",
    )
    in_own_zone = models.BooleanField(
        default=False, help_text="Whether the console tells times in the own time zone."
    )

    class Meta(AbstractUser.Meta):
        pass

    @property
    def limited_to(self) -> tuple[str, ...] | None:
        """The apps whose notifications alone this account may read of; None: no limit. It holds
        for everybody, superusers included."""
        return tuple(self.apps) or None
