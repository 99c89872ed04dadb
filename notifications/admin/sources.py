"""The sources. What one reported is the notification list, filtered: no index serves it alone."""

from notifications.models import Source

from .readonly import ReadOnlyAdmin
from .site import pages_of


@pages_of(Source)
class SourceAdmin(ReadOnlyAdmin[Source]):
    keyset = "slug"
    newest_first = False
    search_help_text = "Exactly the slug."
    rows_template = "admin/notifications/rows/sources.html"
    page_template = "admin/notifications/source.html"
