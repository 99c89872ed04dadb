"""Exports made by workers: claimed, made part by part, resumed after any crash, given up in the
end, and removed when they expire."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from traceback import extract_tb
from uuid import uuid4

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import InvalidStorageError, Storage, storages
from django.db import Error, connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from notifications.models import Account, Export
from notifications.models.patience import TooMuch

from . import manifest
from .datasets import VIEW_USERS, lacking, rows_of
from .failures import reason_of
from .parts import Part, Parts, as_row
from .storage import WholeFiles

State = Export.State
SILENT_FOR = timedelta(seconds=30)  # then a worker is taken for dead
BEAT = 1.0  # seconds between signs of life
AT_ONCE = 2.0  # seconds of parts that are made before others have their turn
MOST_FAILURES = 3
FIRST_WAIT = timedelta(seconds=5)  # before it is tried again; then twice that, and so on
LATER = timedelta(minutes=10)  # files that could not be removed are tried again
LEFT_BEHIND = timedelta(days=1)  # after which nobody writes an unfinished file any more

_log = logging.getLogger(__name__)


class Lost(Exception):
    """This export was cancelled, or is another worker's by now."""


def store() -> Storage:
    return storages["exports"]


def directory_of(export: Export) -> str:
    return f"{export.pk}/"


def work() -> bool:
    """Makes some parts of the export that waits longest, and says whether there was one. Any number
    of workers may do this at once. Raises ``Error`` when the database fails."""
    export = _claimed()
    if export is None:
        return False
    try:
        try:
            _make_some(export)
        except (Lost, Error):
            raise  # of the database: the claim ages, and is void when that is well again
        except Exception as error:
            _failed(export, error)
    except Lost:  # what was written since it was cancelled is removed as well
        Export.objects.filter(pk=export.pk, state=State.CANCELLED).update(expires_at=Now())
    return True


def cancel(export: Export) -> bool:
    """Whether there was still something to cancel."""
    return bool(
        Export.objects.filter(pk=export.pk, delivery=Export.Delivery.JOB)
        .filter(state__in=(State.QUEUED, State.RUNNING))
        .update(state=State.CANCELLED, ended_at=Now(), expires_at=Now(), claim=None)
    )


def expire() -> None:
    """Removes the files of exports whose time has come, and what killed processes left."""
    try:
        where = store()
        if isinstance(where, WholeFiles):
            where.sweep(timezone.now() - LEFT_BEHIND)
    except (OSError, InvalidStorageError) as error:  # a worker has other work as well
        _log.error("the store of exports: %s", reason_of(error))
        return
    for export in Export.objects.filter(expires_at__lte=Now()).order_by("expires_at")[:100]:
        is_finished = export.state == State.FINISHED
        state = State.EXPIRED if is_finished else export.state
        # Marked first: what is no longer there must not be offered.
        Export.objects.filter(pk=export.pk).update(state=state)
        try:
            _remove(where, str(export.pk))
        except Exception as error:
            _log.error("export %s: not removed: %s", export.pk, reason_of(error))
            Export.objects.filter(pk=export.pk).update(expires_at=Now() + LATER)
        else:
            Export.objects.filter(pk=export.pk).update(expires_at=None)
    Export.objects.filter(
        delivery__in=(Export.Delivery.STREAM, Export.Delivery.DIRECTORY),
        state=State.RUNNING,
        asked_at__lt=Now() - LEFT_BEHIND,
    ).update(state=State.FAILED, ended_at=Now(), reason="What made it ended without a word.")


def _claimed() -> Export | None:
    """An export that is due and nobody's, or whose worker is silent."""
    silent = Q(alive_at__lt=Now() - SILENT_FOR)
    with transaction.atomic():
        export = (
            Export.objects.select_for_update(skip_locked=True)
            .filter(delivery=Export.Delivery.JOB, state__in=(State.QUEUED, State.RUNNING))
            .filter(Q(claim=None) | silent, due_at__lte=Now())
            .order_by("due_at")
            .first()
        )
        if export is None:
            return None
        if export.claim is not None:
            export.failures += 1
            export.reason = "The worker that made it ended in the midst of it."
        export.claim = uuid4()
        Export.objects.filter(pk=export.pk).update(
            claim=export.claim,
            alive_at=Now(),
            state=State.RUNNING,
            started_at=Coalesce("started_at", Now()),
            failures=export.failures,
            reason=export.reason,
        )
    return export


def _make_some(export: Export) -> None:
    """Raises ``Lost``."""
    if refusal := refusal_of(export):
        _end(export, State.FAILED, reason=refusal, expires_at=Now())
        return
    if export.failures >= MOST_FAILURES:
        told = f"Given up after {export.failures} failures in a row. {export.reason}"
        _end(export, State.FAILED, reason=told, expires_at=Now())
        return
    if export.estimate is None:
        _estimate(export)
    last = export.parts.order_by("-number").first()
    number, place = (1, "") if last is None else (last.number + 1, last.place)
    if last is None or place:
        until = time.monotonic() + AT_ONCE
        beat = _Beat(export)
        with _alive(export), Parts(export, store(), directory_of(export), beat) as making:
            while part := making.make(number, place):
                _note(export, part)
                number, place = number + 1, part.place or ""
                if not place:
                    break
                if time.monotonic() >= until:
                    _held(export).update(claim=None, due_at=Now())
                    return
    _finish(export)


@contextmanager
def _alive(export: Export) -> Iterator[None]:
    """Gives signs of life from a thread: the database may look for the first row for longer than a
    worker may be silent."""
    ended = Event()

    def beat() -> None:
        while not ended.wait(SILENT_FOR.seconds / 6):
            try:
                _held(export).update(alive_at=Now())
            except Error:  # who makes the export meets it as well, and tells of it
                connection.close()
        connection.close()

    thread = Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


class _Beat:
    """Tells how far the export is, and learns whether it is still to be made."""

    def __init__(self, export: Export) -> None:
        self._export, self._due = export, time.monotonic() + BEAT

    def __call__(self, rows: int) -> None:
        if time.monotonic() >= self._due:
            if not _held(self._export).update(alive_at=Now(), rows=self._export.rows + rows):
                raise Lost
            self._due = time.monotonic() + BEAT


def _estimate(export: Export) -> None:
    rows = rows_of(export)
    try:
        _held(export).update(estimate=rows.estimate())
    finally:
        rows.close()


def _note(export: Export, part: Part) -> None:
    """A finished part is one that stands here; the file alone would not tell."""
    export.rows += part.rows
    export.bytes += part.bytes
    with transaction.atomic():
        if not _held(export).update(
            rows=export.rows, bytes=export.bytes, alive_at=Now(), failures=0, reason=""
        ):
            raise Lost
        as_row(export, part).save(force_insert=True)


def _finish(export: Export) -> None:
    text = manifest.as_text(manifest.manifest_of(export, export.parts.order_by("number")))
    store().save(f"{directory_of(export)}{manifest.NAME}", ContentFile(text))
    _end(export, State.FINISHED, reason="", expires_at=Now() + settings.EXPORT_LIFE)


def _failed(export: Export, error: Exception) -> None:
    reason = reason_of(error)
    at = extract_tb(error.__traceback__)[-1]
    # Without the error's own text, which could hold values of rows.
    _log.error(
        "export %s: %s (%s, %s:%d)",
        export.pk,
        reason,
        type(error).__name__,
        Path(at.filename).name,
        at.lineno or 0,
    )
    failures = Export.objects.values_list("failures", flat=True).get(pk=export.pk) + 1
    if isinstance(error, TooMuch):  # as it would be every time
        _end(export, State.FAILED, reason=reason, expires_at=Now())
    elif failures >= MOST_FAILURES:
        told = f"Given up after {failures} failures in a row. {reason}"
        _end(export, State.FAILED, reason=told, expires_at=Now(), failures=failures)
    else:
        _held(export).update(
            claim=None,
            failures=F("failures") + 1,
            reason=f"{reason} It is tried again.",
            due_at=Now() + FIRST_WAIT * 2 ** (failures - 1),
        )


def refusal_of(export: Export) -> str:
    """Why whoever asked may no longer have it; "" when they may."""
    account = Account.objects.filter(username=export.who, is_active=True).first()
    if account is None:
        return "The account is no longer active."
    missing = lacking(account, export.dataset)
    if export.tells_users and not account.has_perm(VIEW_USERS):
        missing.append(VIEW_USERS)
    if missing:
        return f"The account lacks {', '.join(missing)} by now."
    if not is_within_limit(export, account):
        return "The account is limited to other apps by now."
    return ""


def is_within_limit(export: Export, account: Account) -> bool:
    """Whether the account may read of all the apps that the export is of."""
    limit = account.limited_to
    return limit is None or (export.apps is not None and set(export.apps) <= set(limit))


def _held(export: Export) -> "QuerySet[Export]":
    """The export while it is this worker's."""
    return Export.objects.filter(pk=export.pk, claim=export.claim, state=State.RUNNING)


def _end(export: Export, state: State, **columns: object) -> None:
    if not _held(export).update(state=state, ended_at=Now(), claim=None, **columns):
        raise Lost


def _remove(where: Storage, directory: str) -> None:
    """All there is in it, known or not."""
    try:
        directories, files = where.listdir(directory)
    except FileNotFoundError:
        return
    for name in directories:
        _remove(where, f"{directory}/{name}")
    for name in files:
        where.delete(f"{directory}/{name}")
    if isinstance(where, WholeFiles):  # others have no directories of their own
        Path(where.path(directory)).rmdir()
