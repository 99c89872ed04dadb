"""What traces, gaps and the feed can be asked: parameters that say how to answer."""

from django.core.exceptions import ValidationError

from notifications.models import MAX_CASE_NUMBER, Export
from notifications.protocol.reasons import CountsAs, Reason, Rule

from .base import MOMENT, Filters, since, until
from .notifications import FINDING, FINDINGS, PLATFORM, PLATFORMS, platform
from .parameters import NAME, Once, Parameter, choices, names, one_of, text, whole

TRUE_OR_FALSE = ("true", "false")
ON_A_PAGE, MOST_ON_A_PAGE = 100, 1_000


def _case_number(given: str) -> str:
    if len(given) > MAX_CASE_NUMBER or not given.isprintable():
        raise ValidationError(f"must be at most {MAX_CASE_NUMBER} printable characters.")
    return text(given)


def case() -> Once:
    return Once(
        _case_number,
        help="The case number that the access record notes.",
        schema={"type": "string", "minLength": 1, "maxLength": MAX_CASE_NUMBER},
    )


def as_of() -> Once:
    words = (
        "As it was known at this moment, written like since and not ahead; lengths of time are then"
        " before it. By default now."
    )
    return Once(text, help=words, schema=MOMENT)


class TimelineQuestion(Filters):
    as_of = as_of()
    case = case()


class TraceQuestion(Filters):
    since = since()
    until = until()
    as_of = as_of()
    case = case()


class StateQuestion(Filters):
    at = Once(text, help="At this moment, written like since; by default now.", schema=MOMENT)
    as_of = Once(
        text, help="By what was on record at this moment, not ahead; by default now.", schema=MOMENT
    )


class GapsQuestion(Filters):
    since = since()
    until = until()
    as_of = as_of()
    rule = Parameter(one_of(list(Rule)), help="By this rule.", schema=choices(list(Rule)))
    reason = Parameter(one_of(list(Reason)), help="For this reason.", schema=choices(list(Reason)))
    counts_as = Parameter(
        one_of(list(CountsAs)), help="That count as this.", schema=choices(list(CountsAs))
    )
    operation_name = names("", "Of operations of this name.")
    app_id = names("", "Of this app.")
    source = names("", "That this source owes.")
    acknowledged = Once(
        one_of(TRUE_OR_FALSE),
        help="true: that somebody acknowledged as what they are; false: that are open.",
        schema=choices(TRUE_OR_FALSE),
    )

    @property
    def is_acknowledged(self) -> bool | None:
        """None wants all."""
        given = self.value("acknowledged")
        return None if given is None else given == "true"


class GapStatsQuestion(Filters):
    """``by`` and the parameters of the same names are the dimensions that are counted."""

    DIMENSIONS = ("rule", "reason", "counts_as", "app_id", "source")
    INTERVALS = ("hour", "day")

    since = since()
    until = until()
    interval = Once(
        one_of(INTERVALS),
        help="By hour or by day (UTC); otherwise the window as a whole.",
        schema=choices(INTERVALS),
    )
    by = Parameter(
        one_of(DIMENSIONS), help="And by this dimension.", schema=choices(DIMENSIONS), most=5
    )
    rule = Parameter(one_of(list(Rule)), help="Only by this rule.", schema=choices(list(Rule)))
    reason = Parameter(
        one_of(list(Reason)), help="Only for this reason.", schema=choices(list(Reason))
    )
    counts_as = Parameter(
        one_of(list(CountsAs)), help="Only what counts as this.", schema=choices(list(CountsAs))
    )
    app_id = names("", "Only of this app.")
    source = names("", "Only what this source owes.")


class StatsQuestion(Filters):
    """``by`` and the parameters of the same names are the dimensions that are counted."""

    DIMENSIONS = ("message_type", "result", "app_id", "platform", "source", "finding")
    INTERVALS = ("hour", "day")

    since = since()
    until = until()
    interval = Once(
        one_of(INTERVALS),
        help="By hour or by day (UTC); otherwise the window as a whole.",
        schema=choices(INTERVALS),
    )
    by = Parameter(
        one_of(DIMENSIONS), help="And by this dimension.", schema=choices(DIMENSIONS), most=6
    )
    message_type = names("", "Only of this type.")
    result = names("", "Only with this result.")
    app_id = names("", "Only of this app.")
    platform = Parameter(platform, help=PLATFORM, schema=choices(PLATFORMS))
    source = names("", "Only reported by this source.")
    finding = Parameter(one_of(FINDINGS), help=FINDING, schema=choices(FINDINGS))


class CoverageQuestion(Filters):
    since = since()
    until = until()


class FeedQuestion(Filters):
    start = Once(
        one_of(("now",)),
        help="now: begin with what is recorded from now on, instead of with the oldest.",
        schema=choices(("now",)),
    )


class ExportParameters(Filters):
    """How an export is written; what it is of, the parameters of its data set say."""

    FORMULAS = ("defused", "kept")

    format = Once(
        one_of(Export.Format.values),
        help="csv (the default), ndjson or parquet.",
        schema={**choices(Export.Format.values), "default": Export.Format.CSV.value},
    )
    gzip = Once(
        one_of(TRUE_OR_FALSE),
        help="true: compressed, as a .gz file. Not of Parquet, which is compressed by itself.",
        schema={**choices(TRUE_OR_FALSE), "default": "false"},
    )
    formulas = Once(
        one_of(FORMULAS),
        help="kept: cells of CSV that a spreadsheet would calculate are left as they are.",
        schema={**choices(FORMULAS), "default": "defused"},
    )
    case = case()


class DownloadQuestion(Filters):
    part = Once(text, help="This file of the export alone, by its name.", schema=NAME)
    case = case()


class Paging(Filters):
    """How an answer is cut into pages."""

    cursor = Once(
        str,
        help="The page that begins here: as next and previous give it.",
        schema={"type": "string"},
    )
    page_size = Once(
        whole(1, MOST_ON_A_PAGE),
        help=f"How many on a page, {ON_A_PAGE} by default.",
        schema={
            "type": "integer",
            "minimum": 1,
            "maximum": MOST_ON_A_PAGE,
            "default": ON_A_PAGE,
        },
    )

    @property
    def size(self) -> int:
        return int(self.value("page_size", ON_A_PAGE))


class ListPaging(Paging):
    count = Once(
        one_of(("estimate",)),
        help="estimate: tell about how many there are, as the database's planner has it.",
        schema=choices(("estimate",)),
    )
