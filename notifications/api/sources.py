"""Who reports: how each source does, and when it was recorded."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.filters.questions import CoverageQuestion
from notifications.filters.records import SourceFilters
from notifications.models import Source
from notifications.models.clock import ClockShown, clocks_now
from notifications.protocol.coverage import CoveredWindow, Interval
from notifications.protocol.identity import timestamp
from notifications.trace.coverage import show_coverage
from notifications.trace.readings import Reading, reading_of
from notifications.trace.rules import history_of, rules_of, set_rule
from notifications.trace.sources import (
    Reported,
    SourceStanding,
    errors_of,
    reports_of,
    standings,
)

from .addresses import address_of, address_of_list
from .bodies import json_body
from .lists import ListViewSet
from .permissions import MaySetRules, OfAllApps
from .rule_requests import read_setting
from .rules import of_holding, of_setting
from .schema import may_answer
from .serializers import SourceSerializer
from .source_shapes import (
    CoverageSerializer,
    RuleSettingSerializer,
    RulesSerializer,
    SourceDetailSerializer,
    SourceListedSerializer,
)
from .traces import bounded, window_of

LONGEST = timedelta(days=31)
MOST_SET = 1_000  # settings of rules that are told


@extend_schema_view(
    list=extend_schema(responses=SourceListedSerializer(many=True)),
    retrieve=extend_schema(responses=SourceDetailSerializer),
)
class SourceViewSet(ListViewSet):
    queryset = Source.objects.order_by()
    serializer_class = SourceSerializer
    question_class = SourceFilters
    permission_classes = (OfAllApps,)
    lookup_value_converter = "str"  # it is the name of an account, which may have dots and more

    def get_permissions(self) -> Any:
        return [MaySetRules()] if self.action == "set_rule" else super().get_permissions()

    def context_of(self, rows: Sequence[Any]) -> dict[str, Any]:
        """With how they do."""
        now = timezone.now()
        found = standings([each.pk for each in rows], now)
        told = {slug: _standing(standing, now) for slug, standing in found.items()}
        return {**super().context_of(rows), "standings": told}

    def beside(self, shown: Source) -> dict[str, Any]:
        """What it reported, how late, what of it was refused, and how far its database was read."""
        now = timezone.now()
        reports = reports_of(standings([shown.pk], now)[shown.pk], now)
        return {
            "types": [
                {"message_type": each.name, **_first_and_last(each)} for each in reports.types
            ],
            "events": [{"event": each.name, **_first_and_last(each)} for each in reports.events],
            "lag_median_seconds": _seconds(reports.lag),
            "lag_median_of": reports.lag_of,
            "errors": [
                {
                    "code": each.code,
                    "pointer": each.pointer,
                    "count": each.count,
                    "first_at": timestamp(each.first_at),
                    "last_at": timestamp(each.last_at),
                }
                for each in errors_of(shown.pk)
            ],
            "clock": _clock(clocks_now(now).get(shown.pk)),
            "reading": _reading(reading_of(shown.pk, now)),
            "links": {
                "notifications": address_of_list(
                    self.request, "notification-list", source=shown.pk
                ),
                "coverage": address_of(self.request, "source-coverage", shown.pk),
                "rules": address_of(self.request, "source-rules", shown.pk),
            },
        }

    @extend_schema(responses=CoverageSerializer)
    @may_answer("too_much")
    @action(detail=True, question_class=CoverageQuestion, paging_class=None)
    def coverage(self, request: Request, pk: str) -> Response:
        """When this source was demonstrably recorded in a window, and the holes between. What lies
        since its last contact is neither, as long as the next one may still cover it."""
        (question,) = self.asked()
        window = window_of(question, longest=LONGEST)
        source = self.find(pk).pk
        shown = bounded(show_coverage, source, window, now=question.now)
        return Response(_coverage(source, shown))

    @extend_schema(responses=RulesSerializer)
    @action(detail=True, question_class=None, paging_class=None)
    def rules(self, request: Request, pk: str) -> Response:
        """Where the rules apply to what this source sends, how that is known, and what was set."""
        shown = self.find(pk)
        return Response(
            {
                "source": shown.pk,
                "rules": [of_holding(each) for each in rules_of(shown.pk, timezone.now())],
                "settings": [of_setting(each) for each in history_of(shown.pk, most=MOST_SET)],
            }
        )

    @extend_schema(
        request={"application/json": {"$ref": "#/components/schemas/RuleSettingRequest"}},
        responses={201: RuleSettingSerializer},
    )
    @may_answer("malformed_json", "too_large", "invalid_setting")
    @rules.mapping.post
    def set_rule(self, request: Request, pk: str) -> Response:
        """Sets where a rule applies to what this source sends. Of each rule and app the last one
        counts; none is ever changed or deleted."""
        shown, who = self.find(pk), request.user.get_username()
        body = json_body(request)
        wanted = read_setting(body, source=shown.pk, who=who, now=timezone.now())
        return Response(of_setting(set_rule(wanted)), 201)


def _standing(standing: SourceStanding, now: datetime) -> dict[str, Any]:
    is_covered = standing.is_covered(now)
    return {
        "last_contact_at": _moment(standing.last_contact),
        "contact_kinds": list(standing.kinds),
        "measured_since": _moment(standing.measured_since),
        "is_covered": is_covered,
        "not_covered_since": _moment(standing.contact_at) if is_covered is False else None,
        "last_report": {
            "emitted_at": _moment(standing.last.emitted_at),
            "recorded_at": _moment(standing.last.recorded_at),
            "lag_seconds": _seconds(standing.last.lag),
        },
        "errors_lately": standing.refused,
    }


def _reading(told: Reading | None) -> dict[str, Any] | None:
    if told is None:
        return None
    return {
        "zone": told.zone,
        "is_wanted": told.is_wanted,
        "polled_at": _moment(told.polled_at),
        "lag_seconds": _seconds(told.behind),
        "registrations_at": _moment(told.registrations_at),
        "rows_read": told.rows_read,
        "rows_estimate": told.rows_estimate,
        "missing": told.missing,
        "awaited": told.awaited,
        "storage": told.storage,
        "storage_since": _moment(told.storage_since),
        "problem": told.problem,
    }


def _clock(shown: ClockShown | None) -> dict[str, Any] | None:
    if shown is None:
        return None
    clock = shown.clock
    return {
        "against": clock.against,
        "ahead_seconds": _seconds(clock.ahead),
        "spread_seconds": _seconds(clock.spread),
        "pairs": clock.pairs,
        "since": timestamp(clock.since),
        "until": timestamp(clock.until),
        "is_corrected": bool(clock.correction),
        "as_of": timestamp(shown.as_of),
    }


def _coverage(source: str, shown: CoveredWindow) -> dict[str, Any]:
    return {
        "source": source,
        "since": timestamp(shown.window.since),
        "until": timestamp(shown.window.until),
        "silence": int(settings.COVERAGE_SILENCE.total_seconds()),
        "measured_since": _moment(shown.covered.measured_since),
        "settled_until": timestamp(shown.settled),
        "intervals": list(_intervals(shown.intervals)),
        "holes": list(_intervals(shown.holes)),
    }


def _intervals(intervals: Iterable[Interval]) -> Iterable[dict[str, str]]:
    for since, until in intervals:
        yield {"since": timestamp(since), "until": timestamp(until)}


def _first_and_last(reported: Reported) -> dict[str, str]:
    return {"first_at": timestamp(reported.first), "last_at": timestamp(reported.last)}


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else timestamp(moment)


def _seconds(length: timedelta | None) -> float | None:
    return None if length is None else round(length.total_seconds(), 3)
