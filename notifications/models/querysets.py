"""Questions to the notifications and to what they are about, in sentences."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, TypeAlias, TypeVar
from uuid import UUID

from django.db import connection, models
from django.db.models import Exists, OuterRef

from notifications.protocol.identity import first_id_at

from .fields import Horizon, LaterThan, Row, TransactionIdField

if TYPE_CHECKING:
    from .delivery import DeliveryReport  # noqa: F401
    from .notification import Notification  # noqa: F401  (names the row type below)

LEAST_ID, GREATEST_ID = UUID(int=0), UUID(int=2**128 - 1)  # before and behind all there are

# The apps that an answer is limited to (`Account.limited_to`); None: not limited.
Apps: TypeAlias = Collection[str] | None

QuerySetT = TypeVar("QuerySetT", bound="models.QuerySet[Any]")


@dataclass(frozen=True, slots=True)
class Extent:
    """The evidence that an answer rests on: that of ``apps`` which transactions with a number
    ``below`` this recorded, and which was on record ``as_of`` a moment; None limits nothing.

    At or below the ``Horizon`` of any moment these stay the same for ever, and so does the answer.
    """

    apps: Apps = None
    below: int | None = None
    as_of: datetime | None = None

    @property
    def is_limited(self) -> bool:
        return self != Extent()

    @property
    def is_timed(self) -> bool:
        """Whether something may be on record that counts for nothing since it came later."""
        return self.below is not None or self.as_of is not None

    @property
    def parameters(self) -> dict[str, Any]:
        """``apps``, ``below`` and ``as_of`` for a statement, which casts them to text[], xid8 and
        timestamptz."""
        return {
            "apps": None if self.apps is None else list(self.apps),
            "below": None if self.below is None else str(self.below),
            "as_of": self.as_of,
        }

    def recorded(self, evidence: QuerySetT) -> QuerySetT:
        """Of ``evidence`` what was recorded in time, whatever its apps."""
        if self.below is not None:
            evidence = evidence.filter(recorded_xid__lt=self.below)
        if self.as_of is not None:
            evidence = evidence.filter(recorded_at__lte=self.as_of)
        return evidence


M = TypeVar("M", bound=models.Model)


def having_finding(code: str) -> models.Q:
    """Saying ``findings <> '[]'`` as well is what lets the partial index serve."""
    return ~models.Q(findings=[]) & models.Q(findings__contains=[{"code": code}])


# What is shown of a notification wherever it is shown as a whole.
SHOWN = (
    *("id", "source_id", "message_id", "emitted_at", "recorded_at", "recorded_xid"),
    *("message_type", "result", "operation_id", "activation_id", "addressed_to", "per_device"),
    *("inbox_message_id", "recipient_id", "app_id", "platform", "silent", "personal"),
    *("extras", "findings"),
)


class RecordedQuerySet(models.QuerySet[M]):
    """Evidence whose ids are in order of time, and which is read in the order of recording too."""

    def newest_first(self) -> Self:
        return self.order_by("-id")

    def in_time_order(self) -> Self:
        return self.order_by("id")

    def in_recording_order(self) -> Self:
        """As far as it is complete: what is still being written comes later, and behind this."""
        return self.filter(recorded_xid__lt=Horizon()).order_by("recorded_xid", "id")

    def recorded_after(self, xid: int, key: UUID) -> Self:
        """Behind this place in recording order."""
        place = Row(models.Value(xid, TransactionIdField()), models.Value(key))
        return self.filter(LaterThan(Row(models.F("recorded_xid"), models.F("id")), place))


class NotificationQuerySet(RecordedQuerySet["Notification"]):
    def as_shown(self) -> Any:
        """Rows of ``SHOWN`` and ``user_id``: to make objects of a page of a hundred, and of their
        recipients, takes longer than to read them."""
        told = self.annotate(user_id=models.F("recipient__user_id"))
        return told.values_list(*SHOWN, "user_id", named=True)

    def emitted_between(self, since: datetime | None, until: datetime | None) -> Self:
        """Emitted at ``since`` or later and before ``until``; None leaves that side open.

        The bounds on the id are what prunes partitions; those on the time settle what the id's
        clamped milliseconds cannot.
        """
        found = self
        if since is not None:
            found = found.filter(id__gte=first_id_at(since), emitted_at__gte=since)
        if until is not None:
            found = found.filter(emitted_at__lt=until)
            found = found.filter(id__lt=id_after(until))
        return found

    def of_apps(self, apps: Apps) -> Self:
        """Those that name one of ``apps``; what tells no app is none of them."""
        return self if apps is None else self.filter(app_id__in=apps)

    def within(self, extent: Extent) -> Self:
        return extent.recorded(self.of_apps(extent.apps))

    def about_operation(self, operation_id: str) -> Self:
        return self.filter(operation=operation_id)

    def about_device(self, activation_id: str) -> Self:
        return self.filter(activation=activation_id)

    def about_inbox_message(self, inbox_id: str) -> Self:
        return self.filter(inbox_message=inbox_id)

    def nonconforming(self) -> Self:
        return self.exclude(findings=[])

    def with_finding(self, code: str) -> Self:
        return self.filter(having_finding(code))


class EventQuerySet(models.QuerySet[M]):
    """Activation, operation or inbox events."""

    def newest_first(self) -> Self:
        return self.order_by("-id")

    def in_time_order(self) -> Self:
        return self.order_by("id")

    def between(self, since: datetime | None, until: datetime | None) -> Self:
        """Those that happened (or, where no time was told, were observed) at ``since`` or later and
        before ``until``; None leaves that side open."""
        found = self
        if since is not None:
            found = found.filter(id__gte=first_id_at(since))
        if until is not None:
            found = found.filter(id__lt=first_id_at(until))
        return found

    def within(self, extent: Extent) -> Self:
        """Those that name one of its apps; what tells no app is none of them."""
        found = self if extent.apps is None else self.filter(apps__overlap=list(extent.apps))
        return extent.recorded(found)


class DeliveryQuerySet(RecordedQuerySet["DeliveryReport"]):
    """Delivery reports. Which apps they concern, their notifications tell."""

    def between(self, since: datetime | None, until: datetime | None) -> Self:
        """Those of answers (or, where no time was told, observed) at ``since`` or later and before
        ``until``; None leaves that side open."""
        found = self
        if since is not None:
            found = found.filter(id__gte=first_id_at(since))
        if until is not None:
            found = found.filter(id__lt=first_id_at(until))
        return found

    def within(self, extent: Extent) -> Self:
        """Of notifications that are within it: those recorded in time."""
        return extent.recorded(self)


class SubjectQuerySet(models.QuerySet[M]):
    """Operations, activations, inbox messages or recipients."""

    def told_in(self, apps: Apps) -> Self:
        """Those that at least one notification or event of ``apps`` is about."""
        if apps is None:
            return self
        found = models.Q()
        relations: Any = self.model._meta.related_objects
        for each in relations:
            evidence = each.related_model._default_manager.all()
            if isinstance(evidence, NotificationQuerySet | EventQuerySet):
                about = evidence.within(Extent(apps)).filter(**{each.field.name: OuterRef("pk")})
                found |= models.Q(Exists(about))
        return self.filter(found)


def horizon() -> int:
    """The least number of a transaction that may still commit, at this moment."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        (xid,) = cursor.fetchone()
        return int(xid)


def id_after(until: datetime) -> UUID:
    """The least id above every emission before ``until`` (whose millisecond may be cut by it)."""
    return UUID(int=first_id_at(until).int + (1 << 80))
