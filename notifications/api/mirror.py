"""Copies of the requests that the Push Server and PowerAuth Cloud get, at their own paths. What is
answered here nobody reads but whoever looks for a fault: a proxy drops it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.ingest.contacts import note_contact, note_error, note_errors, place_of
from notifications.ingest.events import Report, record_events
from notifications.ingest.mirror import events, messages
from notifications.ingest.mirror.copies import Copy, moment_of
from notifications.ingest.mirror.fields import FIELDS, pointer_of
from notifications.ingest.mirror.messages import Message
from notifications.ingest.presentations import keep_texts, record_presentations
from notifications.ingest.recorder import Receipt, Status, record
from notifications.models import ContactKind
from notifications.protocol.extras import Code, Finding

from . import mirror_schemas as schemas
from .bodies import json_body
from .ingesting import Ingesting
from .permissions import MayMirror
from .problems import Fault, Problem
from .receipts import CopyReceiptSerializer, ProbeSerializer
from .schema import OF_BODIES, may_answer

OF_COPIES = ("empty_body", "malformed_json", "too_large", "invalid_envelope")


class MirrorView(Ingesting):
    """One call of the original. All of a request is recorded, or nothing."""

    permission_classes = (MayMirror,)
    bucket = "ingest"
    known_fields = FIELDS


class PushMessageView(MirrorView):
    @extend_schema(request=schemas.ref("MirroredMessage"), responses=CopyReceiptSerializer)
    @may_answer(*OF_COPIES, "conflict")
    def post(self, request: Request) -> Response:
        """Takes a copy of `POST /push/message/send` of the Push Server. It is recorded as one
        notification; a field of no use is left out, with a finding."""
        return _record_messages(request, messages.read_message)


class PushBatchView(MirrorView):
    @extend_schema(request=schemas.ref("MirroredBatch"), responses=CopyReceiptSerializer)
    @may_answer(*OF_COPIES, "conflict")
    def post(self, request: Request) -> Response:
        """Takes a copy of `POST /push/message/batch/send` of the Push Server. Each message is a
        notification, and all are recorded or none."""
        return _record_messages(request, messages.read_batch)


class CloudMessageView(MirrorView):
    @extend_schema(request=schemas.ref("MirroredCloudMessage"), responses=CopyReceiptSerializer)
    @may_answer(*OF_COPIES, "conflict")
    def post(self, request: Request) -> Response:
        """Takes a copy of `POST /v2/messages/send` of PowerAuth Cloud. The app is not told there:
        it is that of the credentials, which do not come here."""
        return _record_messages(request, messages.read_cloud_message)


class InboxView(MirrorView):
    @extend_schema(request=schemas.ref("MirroredInboxMessage"), responses=CopyReceiptSerializer)
    @may_answer(*OF_COPIES)
    def post(self, request: Request) -> Response:
        """Takes a copy of `POST /inbox/messages` of the Push Server. It is recorded as an event,
        without the texts."""
        return _record_events(request, events.read_inbox_message)


class CloudInboxView(MirrorView):
    @extend_schema(request=schemas.ref("MirroredCloudInbox"), responses=CopyReceiptSerializer)
    @may_answer(*OF_COPIES)
    def post(self, request: Request) -> Response:
        """Takes a copy of `POST /v2/inbox/messages` of PowerAuth Cloud. It is recorded as an event,
        which tells whether a push was wanted; the texts are not kept."""
        return _record_events(request, events.read_cloud_inbox_message)


class RegistrationView(MirrorView):
    @extend_schema(request=schemas.ref("MirroredRegistration"), responses=CopyReceiptSerializer)
    @may_answer(*OF_COPIES)
    def post(self, request: Request) -> Response:
        """Takes a copy of `POST /push/device/create` of the Push Server. Of the push token a
        fingerprint is kept."""
        return _record_events(request, events.read_registration)


class RegistrationsView(MirrorView):
    @extend_schema(request=schemas.ref("MirroredRegistrations"), responses=CopyReceiptSerializer)
    @may_answer(*OF_COPIES)
    def post(self, request: Request) -> Response:
        """Takes a copy of `POST /push/device/create/multi` of the Push Server. It is an event of
        each activation."""
        return _record_events(request, events.read_registrations)


class DeletionView(MirrorView):
    @extend_schema(request=schemas.ref("MirroredDeletion"), responses=CopyReceiptSerializer)
    @may_answer(*OF_COPIES)
    def post(self, request: Request) -> Response:
        """Takes a copy of a push token's deletion with the Push Server. It names the token and no
        activation."""
        return _record_events(request, events.read_deletion)

    @extend_schema(responses={200: CopyReceiptSerializer})
    @may_answer(*OF_COPIES, *OF_BODIES)
    def delete(self, request: Request) -> Response:
        """Takes a copy of a push token's deletion with the Push Server. It has the body that it has
        as POST."""
        return _record_events(request, events.read_deletion)


class PushStatusView(MirrorView):
    @extend_schema(request=schemas.ref("MirroredPushStatus"), responses=CopyReceiptSerializer)
    @may_answer(*OF_COPIES)
    def post(self, request: Request) -> Response:
        """Takes a copy of `POST /push/device/status/update` of the Push Server. It decides whether
        a device gets personal messages."""
        return _record_events(request, events.read_push_status)

    @extend_schema(request=schemas.ref("MirroredPushStatus"), responses=CopyReceiptSerializer)
    @may_answer(*OF_COPIES)
    def put(self, request: Request) -> Response:
        """Takes a copy of `PUT /push/device/status/update` of the Push Server. It decides whether
        a device gets personal messages."""
        return _record_events(request, events.read_push_status)


class ProbeView(MirrorView):
    """What shows that a mirror works while nothing is sent."""

    @extend_schema(responses=ProbeSerializer)
    def get(self, request: Request) -> Response:
        """Notes that the mirror works. Asked through the proxy every minute, it proves that what
        came between two probes was recorded."""
        return _noted(request)

    @extend_schema(request=None, responses=ProbeSerializer)
    def post(self, request: Request) -> Response:
        """Notes that the mirror works. It is for what can only post; the body is not read."""
        return _noted(request)


MIRRORED: Mapping[str, type[MirrorView]] = {
    "push/message/send": PushMessageView,
    "push/message/batch/send": PushBatchView,
    "v2/messages/send": CloudMessageView,
    "inbox/messages": InboxView,
    "v2/inbox/messages": CloudInboxView,
    "push/device/create": RegistrationView,
    "push/device/create/multi": RegistrationsView,
    "push/device/delete": DeletionView,
    "push/device/remove": DeletionView,  # its name in one section of the original's documentation
    "push/device/status/update": PushStatusView,
    "push/service/status": ProbeView,
}


def _noted(request: Request) -> Response:
    source = request.user.get_username()
    note_contact(source, ContactKind.PROBE)
    return Response({"slug": source})


def _record_messages(request: Request, read: Callable[[Copy], Sequence[Message]]) -> Response:
    read_messages, source = read(_copy_of(request)), request.user.get_username()
    receipt = record([each.emission for each in read_messages], source=source)
    standing = {
        key: each
        for key, each, status in zip(receipt.ids, read_messages, receipt.statuses, strict=True)
        if status is not Status.CONFLICT
    }
    record_presentations({key: each.shown for key, each in standing.items()})
    keep_texts({key: each.texts for key, each in standing.items()})
    _note_unusable(source, [each.emission.findings for each in read_messages])
    if receipt.conflicts:
        raise _conflict(receipt)
    return _receipt(receipt.ids, receipt.recorded)


def _record_events(request: Request, read: Callable[[Copy], Sequence[Report]]) -> Response:
    reports, source = read(_copy_of(request)), request.user.get_username()
    receipt = record_events(reports, source=source)
    _note_unusable(source, [each.findings for each in reports])
    return _receipt(receipt.ids, receipt.recorded)


def _receipt(ids: Sequence[UUID], recorded: int) -> Response:
    return Response({"recorded": recorded, "duplicates": len(ids) - recorded, "ids": ids})


def _conflict(receipt: Receipt) -> Problem:
    stands = receipt.ids[receipt.statuses.index(Status.CONFLICT)]
    detail = (
        f"Notification {stands} was recorded under this X-Request-Id and X-Request-Start with"
        " another content, which stands. Each request needs an X-Request-Id of its own."
    )
    fault = Fault("header", "X-Request-Id", "conflict", detail)
    return Problem(409, "conflict", detail, fault, id=str(stands))


def _note_unusable(source: str, findings: Sequence[Sequence[Finding]]) -> None:
    """Counts what was left out of an accepted request, by its place."""
    pointers = {
        pointer_of(finding)
        for of_one in findings
        for finding in of_one
        if finding.code is Code.UNUSABLE_FIELD
    }
    places = (place_of(pointer, FIELDS) for pointer in sorted(pointers))
    note_errors(source, Counter((str(Code.UNUSABLE_FIELD), place) for place in places))


def _copy_of(request: Any) -> Copy:
    """Raises what ``json_body`` does. A header that says nothing is counted with the source."""
    now, body = timezone.now(), json_body(request)
    given = request.headers.get("X-Request-Start")
    started_at = None if given is None else moment_of(given)
    if given is not None and started_at is None:
        source = request.user.get_username()
        note_error(source, code="unusable_header", pointer="X-Request-Start")
    # The middleware keeps the proxy's own name of the request, if that can be one.
    is_named = request.headers.get("X-Request-Id") == request.request_id
    return Copy(
        body=body,
        request_id=request.request_id if is_named else None,
        started_at=started_at,
        now=now,
    )
