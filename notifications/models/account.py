"""Who signs in: people with a password, service accounts with tokens."""

from django.contrib.auth.models import AbstractUser


class Account(AbstractUser):
    """Django's user as a model of ours, since a user model cannot be exchanged later.

    A service account has no usable password; its user name is the slug of the source it reports as.
    """

    class Meta(AbstractUser.Meta):
        pass
