"""How messages were to be shown: copied, it is what would have been written."""

from uuid import UUID

import pytest

from notifications.ingest.presentations import (
    Shown,
    copy_presentations,
    lines_of,
    record_presentations,
)
from notifications.models import Presentation
from tests.conftest import NOW

ODD = "a\tb\\c\nd\re \\N č"
SHOWN = (
    Shown(mode=ODD, category="", sound="\\N", collapse_key="\\.", valid_until=NOW, body_length=0),
    Shown(priority="high", title_length=7, is_localized=True),
    Shown(),
)


@pytest.mark.usefixtures("db")
def test_what_is_copied_is_what_would_have_been_recorded() -> None:
    names = Shown.__struct_fields__
    copied = {UUID(int=number): each for number, each in enumerate(SHOWN, start=1)}
    copy_presentations(lines_of(copied))
    record_presentations({UUID(int=10 + number): copied[UUID(int=number)] for number in (1, 2, 3)})
    rows = list(Presentation.objects.order_by("pk").values(*names))
    assert rows[:3] == rows[3:] == [{name: getattr(each, name) for name in names} for each in SHOWN]
