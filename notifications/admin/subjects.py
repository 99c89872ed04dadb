"""The pages of what notifications are about; each lists its notifications in time order."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

from django.contrib import messages
from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from notifications.filters.subjects import (
    ActivationFilters,
    InboxMessageFilters,
    OperationFilters,
    RecipientFilters,
)
from notifications.models import (
    Activation,
    Export,
    InboxMessage,
    Notification,
    Operation,
    Recipient,
)

from .device_events import devices_of_user
from .devices import life_of
from .events import (
    events_of_inbox_message,
    events_of_operation,
    finalised,
    from_events_alone,
    posted,
)
from .exporting import Exportable, searched_operations
from .filters import Asked, FinishedFilter, ResultFilter
from .histories import Told, of_device, of_inbox_message, of_operation, of_recipient
from .moments import asked_of_device
from .readonly import ReadOnlyAdmin
from .rows import for_rows
from .site import pages_of
from .telling import Sentence, paragraph
from .traces import DeviceTraced, OperationTraced, UserTraced
from .trails import Crumb, about
from .windows import FirstNotified, FirstNotifiedEver

SHOWN = 200
LAST = {"last_notification_id": "pk"}

M = TypeVar("M", bound=Model)


class SubjectAdmin(ReadOnlyAdmin[M]):
    """``relation`` is the notification's column that names the subject; ``of_last`` are columns of
    the last one about it that the list shows, by what a row calls them."""

    keyset = "first_notification_id"
    relation: str
    search_help_text = _("Exactly the identifier.")
    list_filter: ClassVar[tuple[Any, ...]] = (FirstNotifiedEver,)
    of_last: ClassVar[dict[str, str]] = LAST

    def for_list(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """With columns of the last notification about each: one probe of the relation's index,
        which skips the months before the first."""
        about = Notification.objects.filter(**{self.relation: OuterRef("pk")})
        if self.keyset == "first_notification_id":
            about = about.filter(pk__gte=OuterRef(self.keyset))
        last = about.newest_first()
        told: QuerySet[Any] = rows.annotate(
            **{name: Subquery(last.values(column)[:1]) for name, column in self.of_last.items()}
        )
        return told

    def page(self, request: HttpRequest, shown: M) -> dict[str, Any]:
        """Its latest notifications in time order: of a device with thousands, what happened lately
        is what is asked for; the list, to which the page links, has them all."""
        told = self._told(request, shown)
        people = {each.recipient_id: each.recipient for each in told.rows if each.recipient}
        return {
            "rows": told.rows,
            "relation": self.relation,
            "more": told.more,
            "limit": SHOWN,
            "recipients": list(people.values()),
            "happened": self.history(shown, told),
            "trail": self.trail(shown, *self.wider(told)),
        }

    @abstractmethod
    def history(self, shown: M, told: Told) -> Sentence:
        """What became of it, as far as ``told``."""

    def wider(self, told: Told) -> Iterator[Crumb]:
        """What it belongs to: the device and the person, where exactly one is known."""
        devices = told.devices
        one = devices[0] if len(devices) == 1 and self.relation != "activation" else None
        return about(told.may, recipient=told.recipient, activation=one)

    def _told(self, request: HttpRequest, shown: M) -> Told:
        told = Told(rows=(), more=False, may=request.user.has_perm)
        if not told.is_seen:
            return told
        notified = Notification.objects.filter(**{self.relation: shown.pk})
        latest = list(for_rows(notified.newest_first()).select_related("recipient")[: SHOWN + 1])
        return replace(told, rows=latest[:SHOWN][::-1], more=len(latest) > SHOWN)


@pages_of(Operation)
class OperationAdmin(Exportable[Operation], OperationTraced, SubjectAdmin[Operation]):
    datasets = ((Export.DataSet.OPERATIONS, _("operations")),)
    question = OperationFilters
    list_filter = (ResultFilter, FinishedFilter, FirstNotified)
    of_last: ClassVar[dict[str, str]] = {}
    relation = "operation"
    rows_template = "admin/notifications/rows/operations.html"
    page_template = "admin/notifications/operation.html"

    def history(self, shown: Operation, told: Told) -> Sentence:
        return of_operation(shown, told)

    def page(self, request: HttpRequest, shown: Operation) -> dict[str, Any]:
        """And what PowerAuth told of it."""
        page = super().page(request, shown)
        if not request.user.has_perm("notifications.view_operationevent"):
            return page
        events = events_of_operation(shown.pk, may=request.user.has_perm)
        alone = shown.first_notification_id is None
        happened = paragraph(
            page["happened"],
            from_events_alone(events.rows) if alone else (),
            finalised(events.rows),
        )
        return {**page, "events": events, "happened": happened}

    def asked_by_search(self, request: HttpRequest, term: str) -> Asked:
        return searched_operations(term)


@pages_of(Activation)
class ActivationAdmin(DeviceTraced, SubjectAdmin[Activation]):
    question = ActivationFilters
    relation = "activation"
    rows_template = "admin/notifications/rows/activations.html"
    page_template = "admin/notifications/activation.html"
    of_last: ClassVar[dict[str, str]] = LAST | {"last_recipient_id": "recipient_id"}

    def history(self, shown: Activation, told: Told) -> Sentence:
        return of_device(shown, told, now=timezone.now())

    def page(self, request: HttpRequest, shown: Activation) -> dict[str, Any]:
        """And its life: whose it is may be known from that alone."""
        page = super().page(request, shown)
        moment = asked_of_device(request.GET, now=timezone.now())
        for problem in moment.problems:
            messages.warning(request, problem)
        life = life_of(shown.pk, moment, request.user.has_perm)
        if not page["recipients"] and (owner := life.get("owner")) is not None:
            page["trail"] = self.trail(shown, *about(request.user.has_perm, recipient=owner.pk))
            page["recipients"] = [owner]
        if shown.first_notification_id is None and (events := life.get("events")) is not None:
            page["happened"] = paragraph(page["happened"], from_events_alone(events.rows))
        permalink = request.build_absolute_uri(request.path + moment.permalink)
        return {**page, **life, "permalink": permalink}


@pages_of(InboxMessage)
class InboxMessageAdmin(SubjectAdmin[InboxMessage]):
    question = InboxMessageFilters
    relation = "inbox_message"
    rows_template = "admin/notifications/rows/inbox_messages.html"
    page_template = "admin/notifications/inbox_message.html"

    def history(self, shown: InboxMessage, told: Told) -> Sentence:
        return of_inbox_message(shown, told)

    def page(self, request: HttpRequest, shown: InboxMessage) -> dict[str, Any]:
        """And how it was posted."""
        page = super().page(request, shown)
        if not request.user.has_perm("notifications.view_inboxevent"):
            return page
        events = events_of_inbox_message(shown.pk)
        alone = shown.first_notification_id is None
        happened = paragraph(
            page["happened"], from_events_alone(events.rows) if alone else (), posted(events.rows)
        )
        return {**page, "events": events, "happened": happened}

    def for_list(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """And with what its first notification says of whom to trace. Each is looked up: a join
        may read months of notifications to find those of one page."""
        first = Notification.objects.filter(pk=OuterRef("first_notification_id"))
        told: QuerySet[Any] = (
            super()
            .for_list(rows)
            .annotate(
                first_activation=Subquery(first.values("activation")),
                first_recipient=Subquery(first.values("recipient")),
            )
        )
        return told


@pages_of(Recipient)
class RecipientAdmin(UserTraced, SubjectAdmin[Recipient]):
    """Under a surrogate key: the address of the page says nothing of the person."""

    keyset = "id"
    question = RecipientFilters
    list_filter = ()
    relation = "recipient"
    searched = ("user_id",)
    search_help_text = _("Exactly the user id.")
    rows_template = "admin/notifications/rows/recipients.html"
    page_template = "admin/notifications/recipient.html"

    def history(self, shown: Recipient, told: Told) -> Sentence:
        return of_recipient(shown, told)

    def page(self, request: HttpRequest, shown: Recipient) -> dict[str, Any]:
        """And its devices, also those that only events name."""
        page = super().page(request, shown)
        if not request.user.has_perm("notifications.view_activationevent"):
            return page
        notified = [str(each.activation_id) for each in page["rows"] if each.activation_id]
        return {**page, "devices": devices_of_user(shown.pk, notified)}

    def wider(self, told: Told) -> Iterator[Crumb]:
        return iter(())
