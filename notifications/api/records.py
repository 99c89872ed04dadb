"""Who looked, and what was set."""

from notifications.filters.records import AccessRecordFilters, SettingChangeFilters
from notifications.models import AccessRecord, SettingChange

from .lists import ListViewSet
from .permissions import OfAllApps
from .serializers import AccessRecordSerializer, SettingChangeSerializer


class AccessRecordViewSet(ListViewSet):
    queryset = AccessRecord.objects.all()
    serializer_class = AccessRecordSerializer
    question_class = AccessRecordFilters
    permission_classes = (OfAllApps,)
    lookup_value_converter = "int"


class SettingChangeViewSet(ListViewSet):
    queryset = SettingChange.objects.all()
    serializer_class = SettingChangeSerializer
    question_class = SettingChangeFilters
    permission_classes = (OfAllApps,)
    lookup_value_converter = "int"
