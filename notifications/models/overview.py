"""What the console's home page shows that no index tells at once: kept ahead, not evidence."""

from datetime import timedelta

from django.db import models


class Overview(models.Model):
    """The one row that says how things stood at ``as_of`` (null: it was never made): the newest of
    the gaps that were first owed around then, which ``GapHour`` counts, and when each source was
    last heard.

    The worker makes it anew, whole, again and again. It names no user.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)

    # Times
    as_of = models.DateTimeField(null=True)
    took = models.DurationField(default=timedelta, help_text="How long it took to make.")

    # Gaps
    gaps_since = models.DateTimeField(null=True, help_text="Those first owed from then on.")
    too_much = models.BooleanField(default=False, help_text="No gaps are told: too many to judge.")
    newest_missing = models.JSONField(default=list, help_text="Those that are open.")
    unjudged = models.IntegerField(default=0, help_text="Operations with too many messages.")

    # Sources
    contacts = models.JSONField(default=list, help_text="The last emission of each source.")

    class Meta:
        default_permissions = ()  # nobody is given the row; a page is made of it
        constraints = (models.CheckConstraint(name="overview_is_one", condition=models.Q(id=1)),)

    def __str__(self) -> str:
        return f"as of {self.as_of}"
