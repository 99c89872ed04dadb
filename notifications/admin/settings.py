"""What was set that changes verdicts: the whole of it, newest first."""

from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy

from notifications.filters.records import SettingChangeFilters
from notifications.models import SettingChange

from .readonly import ReadOnlyAdmin
from .site import pages_of
from .windows import Noted


@pages_of(SettingChange)
class SettingChangeAdmin(ReadOnlyAdmin[SettingChange]):
    """A list alone: a row of it tells all that there is."""

    keyset = "id"
    question = SettingChangeFilters
    list_filter = (Noted,)
    searched = ("about",)
    search_help_text = gettext_lazy("Exactly the source or the account that it is of.")
    rows_template = "admin/notifications/rows/setting_changes.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.changelist_view)
        return [path("", view, name="notifications_settingchange_changelist")]
