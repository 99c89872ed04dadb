"""What was owed and not sent in a window, over all operations: the working list, and how many there
are by time."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.filters.questions import GapsQuestion, GapStatsQuestion, Paging
from notifications.models import Operation
from notifications.protocol.identity import timestamp
from notifications.trace import documents
from notifications.trace.gap_notes import working_list
from notifications.trace.gap_stats import (
    LONGEST_COUNTED,
    Dimension,
    GapStats,
    Interval,
    Question,
    count_gaps,
)
from notifications.trace.gaps import LONGEST, Wanted, with_coverage
from notifications.trace.kept_gaps import gaps_of

from .gap_shapes import GapsSerializer, GapStatsSerializer
from .permissions import MayViewGapsOfAllApps, MayViewOperations, apps_of
from .schema import may_answer
from .traces import asked_of, bounded, paged, window_of
from .views import QuestionViewSet


class GapViewSet(QuestionViewSet):
    queryset = Operation.objects.none()
    permission_classes = (MayViewOperations,)  # and so what they lack
    question_class = GapsQuestion
    paging_class = Paging

    @extend_schema(responses=GapsSerializer)
    @may_answer("too_much")
    def list(self, request: Request) -> Response:
        """What was owed in a window and not sent, in order of the time it was first owed, each with
        the last word on whether it is open."""
        question, paging = self.asked()
        asked, which = asked_of(question, longest=LONGEST), wanted(question)
        gaps = bounded(
            gaps_of,
            asked.window,
            now=question.now,
            wanted=which,
            apps=apps_of(request),
            as_of=asked.as_of,
        )
        gaps = with_coverage(gaps, now=question.now, wanted=which, apps=apps_of(request))
        found = working_list(gaps, acknowledged=question.is_acknowledged)
        return paged(
            request,
            paging,
            found.gaps.entries,
            lambda shown: documents.of_gaps(found, shown),
            of="gaps",
            window=asked.window,
            as_of=asked.as_of,
        )

    @extend_schema(responses=GapStatsSerializer)
    @may_answer("too_much")
    @action(
        detail=False,
        question_class=GapStatsQuestion,
        paging_class=None,
        permission_classes=(MayViewGapsOfAllApps,),
    )
    def stats(self, request: Request) -> Response:
        """How many gaps there are, of any length of time, as a worker keeps it. A window is widened
        to whole hours, or to whole days by day. `looked_at` says of when that is."""
        (asked,) = self.asked()
        interval = asked.value("interval")
        question = Question(
            window=window_of(asked, longest=LONGEST_COUNTED),
            interval=None if interval is None else Interval(interval),
            by=[Dimension(each) for each in asked.values("by")],
            where={each: asked.values(each) for each in Dimension},
        )
        return Response(_document(question, bounded(count_gaps, question)))


def wanted(question: GapsQuestion) -> Wanted:
    return Wanted(
        rules=question.values("rule"),
        reasons=question.values("reason"),
        counts_as=question.values("counts_as"),
        operation_names=question.values("operation_name"),
        apps=question.values("app_id"),
        sources=question.values("source"),
    )


def _document(question: Question, stats: GapStats) -> dict[str, Any]:
    return {
        "since": timestamp(stats.window.since),
        "until": timestamp(stats.window.until),
        "interval": question.interval,
        "by": question.by,
        **asdict(stats.total),
        "looked_at": None if stats.looked_at is None else timestamp(stats.looked_at),
        "waiting_hours": stats.waiting_hours,
        "unjudged_hours": stats.unjudged_hours,
        "results": [
            {
                "at": timestamp(cell.at),
                **dict(zip(question.by, cell.values, strict=True)),
                **asdict(cell.number),
            }
            for cell in stats.cells
        ],
    }
