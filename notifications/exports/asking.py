"""Exports as people and programs ask for them: none without its row and its access record."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from notifications.models import AccessRecord, Export
from notifications.models.export import new_id
from notifications.trace.access import Viewer, record_access

from .datasets import as_of_in, bounds_of, problems_with

MOST_UNFINISHED = 20  # jobs of one account

Action = AccessRecord.Action
State = Export.State


class BadExport(ValueError):
    """``problems`` are what is wrong with the filters, by parameter."""

    def __init__(self, problems: Mapping[str, Sequence[str]]) -> None:
        super().__init__("; ".join(f"{name} {' '.join(told)}" for name, told in problems.items()))
        self.problems = problems


class TooManyExports(Exception):
    """{count} exports of this account are unfinished; wait for one, or cancel one."""

    def __init__(self) -> None:
        super().__init__(str(self.__doc__).format(count=MOST_UNFINISHED))


def ask(
    viewer: Viewer,
    *,
    dataset: str,
    file_format: str,
    filters: Mapping[str, Sequence[str]],
    tells_users: bool,
    delivery: str,
    gzip: bool = False,
    keep_formulas: bool = False,
) -> Export:
    """The export, with its bound: of all that was recorded by now. A job is queued by it, anything
    else begins. Raises ``BadExport`` and ``TooManyExports``."""
    is_job = delivery == Export.Delivery.JOB
    now = timezone.now()
    export = Export(
        id=new_id(now),
        who=viewer.who,
        via=viewer.via,
        case_number=viewer.case_number,
        dataset=dataset,
        format=file_format,
        gzip=gzip,
        keep_formulas=keep_formulas,
        filters={name: list(values) for name, values in filters.items()},
        apps=None if viewer.apps is None else list(viewer.apps),
        tells_users=tells_users,
        asked_at=now,
        delivery=delivery,
        state=State.QUEUED if is_job else State.RUNNING,
        started_at=None if is_job else now,
    )
    if problems := problems_with(export):
        raise BadExport(problems)
    if is_job and unfinished_of(viewer.who) >= MOST_UNFINISHED:
        raise TooManyExports
    with transaction.atomic():
        export.save(force_insert=True)
        record(export, viewer, Action.EXPORT)
    export.refresh_from_db()
    return export


def record(export: Export, viewer: Viewer, action: AccessRecord.Action) -> None:
    bounds = bounds_of(export)
    record_access(
        viewer,
        action=action,
        subject=str(export.pk),
        since=bounds.since,
        until=bounds.until,
        as_of=as_of_in(export),
    )


def unfinished_of(who: str) -> int:
    return Export.objects.filter(
        who=who, delivery=Export.Delivery.JOB, state__in=(State.QUEUED, State.RUNNING)
    ).count()


def ended(export: Export, state: Export.State, **columns: Any) -> None:
    """Notes what became of an export that is nobody's job."""
    Export.objects.filter(pk=export.pk).update(state=state, ended_at=timezone.now(), **columns)
