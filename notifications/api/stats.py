"""How many notifications were emitted, by time, type, result, app, platform, source and finding."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.filters.questions import StatsQuestion
from notifications.models import Notification
from notifications.protocol.identity import timestamp
from notifications.protocol.window import DAY
from notifications.trace.stats import Dimension, Interval, Question, Stats, count

from .permissions import apps_of
from .schema import may_answer
from .shapes import StatsSerializer
from .traces import bounded, window_of
from .views import QuestionViewSet

LONGEST = 3_660 * DAY


class StatsViewSet(QuestionViewSet):
    queryset = Notification.objects.none()  # for the right to see notifications
    question_class = StatsQuestion

    @extend_schema(responses=StatsSerializer)
    @may_answer("too_much")
    def list(self, request: Request) -> Response:
        """Counts of notifications, exact at any moment. A window is widened to whole hours, or to
        whole days by day. By finding, one counts for each code that it has."""
        (asked,) = self.asked()
        interval = asked.value("interval")
        question = Question(
            window=window_of(asked, longest=LONGEST),
            interval=None if interval is None else Interval(interval),
            by=[Dimension(each) for each in asked.values("by")],
            where={each: asked.values(each) for each in Dimension},
        )
        stats = bounded(count, question, apps=apps_of(request))
        return Response(_document(question, stats))


def _document(question: Question, stats: Stats) -> dict[str, Any]:
    return {
        "since": timestamp(stats.window.since),
        "until": timestamp(stats.window.until),
        "interval": question.interval,
        "by": question.by,
        "total": stats.total,
        "uncounted": stats.uncounted,
        "tallied_at": None if stats.tallied_at is None else timestamp(stats.tallied_at),
        "results": [
            {
                "at": timestamp(cell.at),
                **dict(zip(question.by, cell.values, strict=True)),
                "count": cell.count,
            }
            for cell in stats.cells
        ],
    }
