"""That settings which change verdicts were changed since what a page tells of."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest

from notifications.models import SettingChange

MOST_TOLD = 3
# What is followed shows in its coverage; a limit is of one account, which has no pages.
TOLD_OTHERWISE = ("following", "apps of an account")


def changed_since(request: HttpRequest, moment: datetime | None) -> dict[str, Any]:
    """What a page of verdicts says of settings that were changed since ``moment``, in one query:
    of those before, what it says may be otherwise than it was said then."""
    if moment is None:
        return {}
    rows = SettingChange.objects.filter(at__gt=moment, before__isnull=False)
    rows = rows.exclude(name__in=TOLD_OTHERWISE)
    found = list(rows.order_by("-at")[: MOST_TOLD + 1])
    may = request.user.has_perm("notifications.view_settingchange")
    return {"changed": found[:MOST_TOLD], "more_changed": len(found) > MOST_TOLD, "may_see": may}
