"""What was owed and not sent in a window, over all operations."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.filters.questions import GapsQuestion, Paging
from notifications.models import Operation
from notifications.trace import documents
from notifications.trace.gaps import LONGEST, Wanted, find_gaps

from .permissions import MayViewOperations, apps_of
from .schema import may_answer
from .shapes import GapsSerializer
from .traces import bounded, paged, window_of
from .views import QuestionViewSet


class GapViewSet(QuestionViewSet):
    queryset = Operation.objects.none()
    permission_classes = (MayViewOperations,)  # and so what they lack
    question_class = GapsQuestion
    paging_class = Paging

    @extend_schema(responses=GapsSerializer)
    @may_answer("too_much")
    def list(self, request: Request) -> Response:
        """What was owed in a window and not sent, in order of the time it was first owed."""
        question, paging = self.asked()
        window = window_of(question, longest=LONGEST)
        wanted = Wanted(
            rules=question.values("rule"),
            reasons=question.values("reason"),
            counts_as=question.values("counts_as"),
            operation_names=question.values("operation_name"),
            apps=question.values("app_id"),
            sources=question.values("source"),
        )
        found = bounded(find_gaps, window, now=question.now, wanted=wanted, apps=apps_of(request))
        return paged(
            request,
            paging,
            found.entries,
            lambda shown: documents.of_gaps(found, shown),
            of="gaps",
            window=window,
        )
