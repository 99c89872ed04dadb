"""What is read back is what is on record, whoever reads it and whatever was recorded."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from itertools import count as numbers
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from notifications.exports.columns import FORMULAS
from notifications.models import DeliveryReport, Export, Notification, Operation, Recipient
from notifications.models.pseudonyms import pseudonym_of
from notifications.protocol.identity import time_of
from notifications.protocol.window import Window
from notifications.trace.gaps import find_gaps
from notifications.trace.stats import Dimension, Interval, Question, count

from .reading import ALL, Row, answer_all, asked, kinds_of, made, read_by_everybody, tell

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
# Identifiers that some format, reader or spreadsheet takes for something else.
HOSTILE = (
    'quo"ted', "com,ma", "line\nfeed", "carriage\rreturn", "both\r\n", "ta\tb", "\v", "v\vtab",
    "back\\slash", "\\N", "\\.", "\\", "\\\\", "\\n", "\\\n", "\\x", "\\u0041", "null", "NULL",
    "NaN", "N/A", "true", "0", "1e5", "'", "''", '"', '""', ",", "\n", "\r", "\t", " ", " led",
    "trailing ", "".join(map(chr, range(1, 32))), "\x7f", "\u0085", "\u2028\u2029", "\ufeff", "😀",
    "\u202eright", "مفتاح", "%s %% %(a)b", "{}", "=1+1", "+1", "-1", "@a", "\uff1d1", "\uff0b1",
    "\uff0d1", "\uff201", "=\n,\"", "x" * 256,
)  # fmt: skip
TIMES = (
    "2026-03-14T12:00:00Z", "2026-03-14T12:00:00.1Z", "2026-03-14T12:00:00.120Z",
    "2026-03-14T12:00:00.123Z", "2026-03-14T12:00:00.1239Z", "2026-03-14T23:59:59.999Z",
    "2255-06-05T23:47:34.741Z", "9999-12-31T23:59:59.999Z",
)  # fmt: skip
# These only an identifier finds: no window begins before 1970.
EARLY = ("0001-01-01T00:00:00Z", "1969-12-31T23:59:59.999Z", "1970-01-01T00:00:00Z")
EXTRAS: tuple[dict[str, Any], ...] = (
    {},
    {"long": "z" * 10_000, 'quo"ted, \\key\n': "=1"},
    {"deep": {"list": [1, -0.5, 1e15, 9007199254740991, True, None, {"\u2028": "\\u0041\\"}]}},
    {"texts": list(HOSTILE)},
    {"messageType": "x" * 10_000, "operationId": "y" * 257},
)
FORMATS = [
    ("csv", {}), ("csv", {"gzip": True}), ("csv", {"keep_formulas": True}),
    ("ndjson", {}), ("ndjson", {"gzip": True}), ("parquet", {}),
]  # fmt: skip


def envelopes() -> Iterator[dict[str, Any]]:
    at = (NOON + timedelta(milliseconds=number) for number in numbers())
    for text in HOSTILE:
        yield {
            "emitted_at": next(at).isoformat(), "message_id": text, "app_id": text,
            "user_id": text, "activation_id": text,
            "extras": {
                "messageType": "mtoken.operationInit", "operationId": text, "operationName": text,
                "mtokenOperationResult": text, "inboxId": text, text: text,
            },
        }  # fmt: skip
        yield {
            "emitted_at": next(at).isoformat(),
            "extras": {
                "messageType": "mtoken.operationFinished", "operationId": f"{text[:200]}2",
                "mtokenOperationResult": text,
            },
        }  # fmt: skip
        yield {"emitted_at": next(at).isoformat(), "extras": {"messageType": text}}
    for extras in EXTRAS:
        yield {"emitted_at": next(at).isoformat(), "extras": extras}
    for silent, personal, platform, to in (
        (True, False, "apns", "user"), (False, True, "fcm", "unknown"), (None, None, "hms", None),
    ):  # fmt: skip
        yield {
            "emitted_at": next(at).isoformat(), "silent": silent, "personal": personal,
            "platform": platform, "addressed_to": to, "extras": {},
        }  # fmt: skip
    yield {
        "emitted_at": next(at).isoformat(), "activation_id": "phone", "per_device": True,
        "extras": {"messageType": "mtoken.inboxMessage.new", "inboxId": "inbox"},
    }  # fmt: skip
    for moment in (*TIMES, *EARLY):
        about = {"operationId": f"at {moment}", "activationId": "old phone"}
        yield {"emitted_at": moment, "extras": {"messageType": "mtoken.operationInit", **about}}
        if moment == TIMES[0]:
            after = {"messageType": "mtoken.operationFinished", **about}
            yield {"emitted_at": "2026-03-14T12:00:07.25Z", "extras": after}


@pytest.fixture(scope="module")
def hostile_record(
    cloned_db: Callable[[], AbstractContextManager[str]],
) -> Iterator[None]:
    with cloned_db():
        tell(*envelopes())
        answer_all(*HOSTILE)
        yield


def told(export: Export) -> list[Row]:
    """What is on record, asked in another way than exports are."""
    return {
        "notifications": _notifications, "operations": _operations, "deliveries": _deliveries,
        "gaps": _gaps, "stats": _stats,
    }[export.dataset](export)  # fmt: skip


def _notifications(export: Export) -> list[Row]:
    found = Notification.objects.order_by("id").select_related("recipient")
    if export.filters == ALL:
        found = found.exclude(emitted_at__lt=datetime(1970, 1, 2, tzinfo=UTC))
    else:
        found = found.filter(activation="old phone")
    return [
        (
            each.emitted_at, each.recorded_at, str(each.id), each.source_id, each.message_type,
            each.result, each.app_id, each.platform, each.addressed_to, each.message_id,
            each.operation_id, each.activation_id, each.inbox_message_id, each.per_device,
            each.silent, each.personal, each.extras, each.findings, _user(each.recipient, export),
        )
        for each in found
    ]  # fmt: skip


def _user(recipient: Recipient | None, export: Export) -> str | None:
    if recipient is None:
        return None
    return recipient.user_id if export.tells_users else pseudonym_of(recipient.pk)


def _operations(export: Export) -> list[Row]:
    def row(each: Operation) -> Row:
        first, init, finish = (
            None if key is None else time_of(key)
            for key in (each.first_notification_id, each.first_init_id, each.last_finish_id)
        )
        took = None if init is None or finish is None else (finish - init).total_seconds()
        return (
            first, init, finish, str(each.first_notification_id), each.name, each.result, each.pk,
            took,
        )  # fmt: skip

    found = Operation.objects.order_by("first_notification_id")
    if export.filters != ALL:
        found = found.filter(notifications__activation="old phone").distinct()
    rows = [row(each) for each in found]
    return [row for row in rows if export.filters != ALL or row[0].year > 1970]


def _deliveries(export: Export) -> list[Row]:
    found = DeliveryReport.objects.order_by("id").select_related("notification")
    if export.filters != ALL:
        found = found.filter(outcome="failed")
    rows: list[Row] = []
    for each in found:
        about: Any = each.notification
        rows.append(
            (
                each.happened_at or each.observed_at, each.happened_at, each.observed_at,
                each.recorded_at, str(each.pk), str(about.pk), each.source_id, each.outcome,
                each.gateway or about.platform, each.code, each.cause, each.device_by, each.zone,
                each.key, each.registration, each.told_at, each.is_final,
            )
        )  # fmt: skip
    return [row for row in rows if row[0] >= datetime(1970, 1, 2, tzinfo=UTC)]


def _gaps(export: Export) -> list[Row]:
    day = Window(datetime(2026, 3, 14, tzinfo=UTC), datetime(2026, 3, 15, tzinfo=UTC))
    found = find_gaps(day, now=export.asked_at)
    return [
        (
            each.at, each.due, None, each.rule, each.reason, each.counts_as, each.message_type,
            each.operation_name, each.certainty, each.basis, each.app, each.source, None,
            each.key, each.operation, each.activation, each.inbox_message, each.sentence, None,
            each.episode,
            [str(key) for key in each.evidence],
            [str(key) for key in each.events],
        )
        for each in found.entries
    ]  # fmt: skip


def _stats(export: Export) -> list[Row]:
    by = [each for each in Dimension if each is not Dimension.FINDING]
    window = Window(datetime(2026, 3, 14, tzinfo=UTC), datetime(2026, 3, 15, tzinfo=UTC))
    cells = count(Question(window=window, interval=Interval.HOUR, by=by)).cells
    return [(each.at, *each.values, each.count) for each in cells]


def defused(row: Row, kinds: dict[str, Any]) -> Row:
    """As a spreadsheet gets it: JSON and what is no text is as it is."""
    return tuple(
        f"'{value}" if isinstance(value, str) and value[:1] in tuple(FORMULAS) else value
        for value in row
    )


@pytest.mark.usefixtures("hostile_record")
@pytest.mark.parametrize(("file_format", "options"), FORMATS, ids=str)
@pytest.mark.parametrize(
    ("dataset", "filters"),
    [
        ("notifications", ALL),
        ("notifications", {"activation": ["old phone"]}),
        ("operations", ALL),
        ("operations", {"activation": ["old phone"]}),
        ("deliveries", ALL),
        ("deliveries", {**ALL, "outcome": ["failed"], "source": ["bank", "another"]}),
        ("gaps", {"since": ["2026-03-14T00:00:00Z"], "until": ["2026-03-15T00:00:00Z"]}),
        ("stats", {"since": ["2026-03-14T00:00:00Z"], "until": ["2026-03-15T00:00:00Z"]}),
    ],
    ids=str,
)
def test_everybody_reads_what_is_on_record(
    tmp_path: Path, dataset: str, filters: Any, file_format: str, options: dict[str, bool]
) -> None:
    export = asked(dataset, file_format, filters=filters, **options)
    expected = told(export)
    if file_format == "csv" and not options.get("keep_formulas"):
        expected = [defused(row, kinds_of(export)) for row in expected]
    assert len(expected) > 10
    for reader, rows in read_by_everybody(export, made(tmp_path, export)).items():
        assert rows == expected, reader


@pytest.mark.usefixtures("hostile_record")
@pytest.mark.parametrize("file_format", ["csv", "ndjson", "parquet"])
def test_users_are_pseudonyms_where_user_ids_were_not_asked_for(
    tmp_path: Path, file_format: str
) -> None:
    export = asked("notifications", file_format, tells_users=False, keep_formulas=True)
    expected = told(export)
    assert len({row[-1] for row in expected}) > len(HOSTILE)
    for reader, rows in read_by_everybody(export, made(tmp_path, export)).items():
        assert rows == expected, reader


storable = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
identifiers = st.text(storable, min_size=1, max_size=256)
awkward = st.text(
    st.sampled_from('\\",\r\n\t\v\'=+-@\uff1d nNrtx.u0"%{}\x01\x1f\u2028é😀'),
    min_size=1,
    max_size=12,
)


class TestAnyText:
    """Of records that grow from example to example, each in a second of its own."""

    seconds: Iterator[int]

    @pytest.fixture(autouse=True)
    def nothing_told(self, hostile_record: None) -> None:
        TestAnyText.seconds = numbers()

    @settings(
        max_examples=12,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(texts=st.lists(awkward | identifiers, min_size=5, max_size=60))
    @example(texts=list(HOSTILE))
    def test_is_read_back_as_it_was(
        self, tmp_path_factory: pytest.TempPathFactory, texts: list[str]
    ) -> None:
        at = NOON + timedelta(days=1, seconds=next(self.seconds))
        tell(
            *(
                {
                    "emitted_at": (at + timedelta(milliseconds=place)).isoformat(),
                    "message_id": text,
                    "app_id": text,
                    "user_id": text,
                    "extras": {"messageType": text, "more": {text: [text]}},
                }
                for place, text in enumerate(texts)
            )
        )
        filters = {
            "since": [at.isoformat()],
            "until": [(at + timedelta(seconds=1)).isoformat()],
        }
        for file_format, options in FORMATS:
            export = asked("notifications", file_format, filters=filters, **options)
            is_defused = file_format == "csv" and not options.get("keep_formulas")
            expected = [
                f"'{each}" if is_defused and each[0] in FORMULAS else each for each in texts
            ]
            parts = made(tmp_path_factory.mktemp("export"), export)
            names = list(kinds_of(export))
            for reader, rows in read_by_everybody(export, parts).items():
                found = [dict(zip(names, row, strict=True)) for row in rows]
                for column in ("message_id", "app_id", "user_id", "message_type"):
                    assert [row[column] for row in found] == expected, reader
                extras = [{"messageType": each, "more": {each: [each]}} for each in texts]
                assert [row["extras"] for row in found] == extras, reader


@pytest.mark.usefixtures("hostile_record")
def test_a_line_of_json_has_no_raw_control_character_and_no_other_line_end(tmp_path: Path) -> None:
    (part,) = made(tmp_path, asked("notifications", "ndjson"))
    text = part.read_bytes()
    assert not [byte for byte in set(text) if byte < 32 and byte != ord("\n")]
    assert all(json.loads(line) for line in text.splitlines())
