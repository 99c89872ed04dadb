"""Who signs in: people with a password, service accounts with tokens."""

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models

from notifications.protocol.extras import MAX_IDENTIFIER


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

    class Meta(AbstractUser.Meta):
        pass

    @property
    def limited_to(self) -> tuple[str, ...] | None:
        """The apps whose notifications alone this account may read of; None: no limit. It holds
        for everybody, superusers included."""
        return tuple(self.apps) or None
