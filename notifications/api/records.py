"""Who reports, and who looked."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view

from notifications.filters.records import AccessRecordFilters, SourceFilters
from notifications.models import AccessRecord, Source
from notifications.models.querysets import Extent
from notifications.protocol.identity import timestamp
from notifications.trace.contacts import contacts

from .addresses import address_of_list
from .lists import ListViewSet
from .permissions import OfAllApps
from .serializers import AccessRecordSerializer, SourceSerializer
from .shapes import SourceDetailSerializer


@extend_schema_view(retrieve=extend_schema(responses=SourceDetailSerializer))
class SourceViewSet(ListViewSet):
    queryset = Source.objects.order_by()
    serializer_class = SourceSerializer
    question_class = SourceFilters
    permission_classes = (OfAllApps,)
    lookup_value_converter = "str"  # it is the name of an account, which may have dots and more

    def beside(self, shown: Source) -> dict[str, Any]:
        """When it reported each type of the specification first and last."""
        return {
            "types": [
                {
                    "message_type": each.message_type,
                    "first_at": timestamp(each.first),
                    "last_at": timestamp(each.last),
                }
                for each in contacts([shown.pk], timezone.now(), Extent())
            ],
            "links": {
                "notifications": address_of_list(self.request, "notification-list", source=shown.pk)
            },
        }


class AccessRecordViewSet(ListViewSet):
    queryset = AccessRecord.objects.all()
    serializer_class = AccessRecordSerializer
    question_class = AccessRecordFilters
    permission_classes = (OfAllApps,)
    lookup_value_converter = "int"
