"""What the sentence beside the verdict says of those who were, or were not, listening."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from notifications.protocol.coverage import Covered, SourceCoverage, Tells, in_window
from notifications.protocol.window import Window
from notifications.trace import silence

TEN = datetime(2026, 3, 14, 10, 0, tzinfo=UTC)
POLLED = {"kinds": ("poll",), "tells": (Tells.COPIES,)}
ALL_HOUR = ((-30, 90),)


def at(minutes: float) -> datetime:
    return TEN + timedelta(minutes=minutes)


def source(name: str, *intervals: tuple[float, float], now: float = 90, **more: Any) -> Any:
    """Over the hour from ten."""
    covered = Covered(tuple((at(began), at(ended)) for began, ended in intervals))
    shown = in_window(covered, Window(at(0), at(60)), now=at(now), silence=timedelta(minutes=5))
    told = {"tells": (Tells.NOTIFICATIONS,), "kinds": ("heartbeat", "probe")} | more
    return SourceCoverage(source=name, shown=shown, **told)


MIRROR = source("mirror", *ALL_HOUR)
POWERAUTH = (Tells.OPERATIONS,)


@pytest.mark.parametrize(
    ("coverage", "words"),
    [
        ((MIRROR,), "Recorded throughout: mirror (heartbeats and probes)."),
        (
            (MIRROR, source("push-server", *ALL_HOUR, **POLLED)),
            "Recorded throughout: mirror (heartbeats and probes), push-server (polls).",
        ),
        (
            (MIRROR, source("powerauth", (-30, 2), (40, 90), tells=POWERAUTH)),
            "Recorded throughout: mirror (heartbeats and probes)."
            " Not recorded 2026-03-14 10:02:00 to 10:40:00 UTC: powerauth.",
        ),
        (
            (source("a", (-30, 2), (40, 90)), source("b", (-30, 2), (40, 90))),
            "Not recorded 2026-03-14 10:02:00 to 10:40:00 UTC: a, b.",
        ),
        (
            (source("mirror", (-30, 2), (40, 50), (52, 90)),),
            "Not recorded 2026-03-14 10:02:00 to 10:40:00 UTC and one other time: mirror.",
        ),
        (
            (source("mirror", (-30, 2), (30, 40), (50, 52), (55, 90)),),
            "Not recorded 2026-03-14 10:02:00 to 10:30:00 UTC and 2 other times: mirror.",
        ),
        (
            (source("mirror", (-30, 20)),),
            "Not recorded since 2026-03-14 10:20:00 UTC: mirror.",
        ),
        (
            (source("mirror", (-90, -40), (20, 90)),),
            "Not recorded until 2026-03-14 10:20:00 UTC: mirror.",
        ),
        ((source("mirror", (-90, -40)),), "Not recorded at all: mirror."),
        (
            (source("mirror", (20, 90)),),
            "Measured only since 2026-03-14 10:20:00 UTC: mirror.",
        ),
        (
            (source("mirror", (20, 30), (40, 90)),),
            "Not recorded 2026-03-14 10:30:00 to 10:40:00 UTC: mirror."
            " Measured only since 2026-03-14 10:20:00 UTC: mirror.",
        ),
        (
            (source("mirror", (-30, 48), now=50),),
            "Recorded throughout: mirror (heartbeats and probes)."
            " What lies after 2026-03-14 10:48:00 UTC is not decided yet.",
        ),
        (
            (MIRROR, source("bank")),
            "Recorded throughout: mirror (heartbeats and probes). Not measured: bank.",
        ),
        (
            (source("bank"), source("powerauth", *ALL_HOUR, tells=POWERAUTH)),
            "No source that could tell was measured (bank): what is not on record may have been"
            " sent. Recorded throughout: powerauth (heartbeats and probes).",
        ),
        (
            (source("powerauth", tells=POWERAUTH),),
            "No source of messages was recorded by then: what is not on record may have been sent."
            " Not measured: powerauth.",
        ),
        (
            (source("push-server", (-30, -20), stores_nothing_since=at(-20), **POLLED),),
            "Not recorded at all: push-server. push-server stores no messages, as was seen first"
            " at 2026-03-14 09:40:00 UTC: what it does not tell proves nothing.",
        ),
        ((), silence.NOBODY),
    ],
)
def test_who_was_listening_is_one_sentence(
    coverage: tuple[SourceCoverage, ...], words: str
) -> None:
    assert silence.in_words(coverage) == words


def test_what_many_sources_do_has_a_bound() -> None:
    alike = silence.in_words([source(f"s{each}", *ALL_HOUR) for each in range(9)])
    assert alike.endswith("s3 (heartbeats and probes) and 5 more.")
    apart = silence.in_words([source(f"s{each}", (-30, each + 1)) for each in range(50)])
    assert apart.count("Not recorded") == 5
    assert apart.endswith("Not recorded at other times: s4, s5, s6, s7 and 42 more.")
    late = silence.in_words([source(f"s{each}", (each + 1, 90)) for each in range(50)])
    assert late.endswith("Measured only for a part: s4, s5, s6, s7 and 42 more.")


def test_days_are_told_where_they_differ() -> None:
    assert silence.between(at(0), at(60 * 24)) == (
        "2026-03-14 10:00:00 UTC to 2026-03-15 10:00:00 UTC"
    )
