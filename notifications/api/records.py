"""Who looked."""

from notifications.filters.records import AccessRecordFilters
from notifications.models import AccessRecord

from .lists import ListViewSet
from .permissions import OfAllApps
from .serializers import AccessRecordSerializer


class AccessRecordViewSet(ListViewSet):
    queryset = AccessRecord.objects.all()
    serializer_class = AccessRecordSerializer
    question_class = AccessRecordFilters
    permission_classes = (OfAllApps,)
    lookup_value_converter = "int"
