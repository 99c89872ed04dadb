"""What is measured of the service, as metric families: read from what workers keep ahead alone, in
a number of queries that does not depend on how much there is, and of no user."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Sum
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from notifications.integrity.tallies import how_far
from notifications.models import DailyTally, GapHour, GapLook, GapMark
from notifications.models.patience import TooMuch, at_most
from notifications.protocol.extras import MessageType
from notifications.protocol.window import HOUR
from notifications.trace.gap_hours import hour_of
from notifications.trace.last_contacts import MOST_SOURCES
from notifications.trace.overview import Standing, read_overview
from notifications.trace.sources import standings

# Whole hours, and the one that has begun.
WINDOWS: Mapping[str, timedelta] = {"1h": HOUR, "24h": 24 * HOUR}
MOST_APPS = 50  # that have their own; all others are one
OTHER, NOT_TOLD = "other", ""
LONGEST_QUERY = "5s"
_GAP_LABELS = ("rule", "reason", "counts_as", "app", "source")


class Measures:
    """A collector of its own registry: what holds at one moment."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def collect(self) -> Iterator[Metric]:
        overview = read_overview()
        yield _built()
        yield from self._gaps()
        yield from self._kept(overview)
        yield from self._sources(overview)
        yield from self._counted()

    def _gaps(self) -> Iterator[Metric]:
        since = hour_of(self.now) - max(WINDOWS.values())
        rows = list(
            GapHour.objects.filter(hour__gte=since).values_list(
                "hour", "rule", "reason", "counts_as", "app_id", "source", "count", "open"
            )
        )
        apps = _bounded(((row[4], row[6]) for row in rows), MOST_APPS)
        sources = _bounded(((row[5], row[6]) for row in rows), MOST_SOURCES)
        every: Counter[tuple[str, ...]] = Counter()
        still: Counter[tuple[str, ...]] = Counter()
        for hour, rule, reason, counts_as, app, source, count, opened in rows:
            for name, length in WINDOWS.items():
                if hour_of(self.now) - length <= hour <= self.now:
                    labels = (name, rule, reason, counts_as, apps(app), sources(source))
                    every[labels] += count
                    still[labels] += opened
        for metric, told, numbers in (
            ("pushaudit_gaps", "Gaps first owed in the window, acknowledged or not.", every),
            ("pushaudit_gaps_open", "Those of them that nobody acknowledged.", still),
        ):
            family = GaugeMetricFamily(metric, told, labels=("window", *_GAP_LABELS))
            for names, number in sorted(numbers.items()):
                family.add_metric(names, number)
            yield family

    def _kept(self, overview: Standing | None) -> Iterator[Metric]:
        worked = GapMark.objects.values_list("worked_at", flat=True).first()
        yield _moment(
            "pushaudit_gap_hours_kept_timestamp_seconds",
            "When a worker last saw to the gaps of each hour.",
            worked,
        )
        yield GaugeMetricFamily(
            "pushaudit_gap_hours_waiting",
            "Hours of which something was recorded that was not looked at for gaps yet.",
            GapLook.objects.filter(touched_at__isnull=False).count(),
        )
        yield _moment(
            "pushaudit_overview_made_timestamp_seconds",
            "When a worker last looked for the gaps around now, and for contacts.",
            overview.as_of if overview else None,
        )
        around = overview.gaps if overview else None
        yield GaugeMetricFamily(
            "pushaudit_gaps_judged",
            "Whether the gaps around now could all be judged: 0, there was too much.",
            float(around is not None and not around.unjudged),
        )

    def _sources(self, overview: Standing | None) -> Iterator[Metric]:
        report = GaugeMetricFamily(
            "pushaudit_source_last_report_timestamp_seconds",
            "When what a source reported last was recorded.",
            labels=("source",),
        )
        contact = GaugeMetricFamily(
            "pushaudit_source_last_contact_timestamp_seconds",
            "When a source was last in contact: by a report, a heartbeat, a probe or a reading.",
            labels=("source",),
        )
        covered = GaugeMetricFamily(
            "pushaudit_source_covered",
            "Whether a source whose coverage is measured is recorded now.",
            labels=("source",),
        )
        refused = GaugeMetricFamily(
            "pushaudit_source_refused",
            "What was refused of a source in the last 24 hours.",
            labels=("source",),
        )
        last = {each.source: each for each in overview.contacts} if overview else {}
        for slug, each in sorted(standings(last, self.now, last=last).items() if last else ()):
            if each.last.recorded_at is not None:
                report.add_metric((slug,), each.last.recorded_at.timestamp())
            if each.last_contact is not None:
                contact.add_metric((slug,), each.last_contact.timestamp())
            if (is_covered := each.is_covered(self.now)) is not None:
                covered.add_metric((slug,), float(is_covered))
            refused.add_metric((slug,), each.refused)
        yield from (report, contact, covered, refused)

    def _counted(self) -> Iterator[Metric]:
        far = how_far()
        behind = self.now - far.waiting_since if far.waiting_since else timedelta()
        yield GaugeMetricFamily(
            "pushaudit_tallies_behind_seconds",
            "How long the first notification that is not counted has been waiting.",
            max(0.0, behind.total_seconds()),
        )
        family = CounterMetricFamily(
            "pushaudit_notifications_recorded",
            "Notifications on record, as far as they are counted.",
            labels=("source", "message_type"),
        )
        try:
            with at_most(LONGEST_QUERY):
                rows = list(
                    DailyTally.objects.order_by()
                    .values_list("source", "message_type")
                    .annotate(Sum("count"))
                )
        except TooMuch:
            return  # the family is absent, which an alert can tell from 0
        sources = _bounded(((source, count) for source, _, count in rows), MOST_SOURCES)
        numbers: Counter[tuple[str, str]] = Counter()
        for source, message_type, count in rows:
            known = str(message_type) if message_type in list(MessageType) else OTHER
            numbers[sources(source), known] += count
        for labels, number in sorted(numbers.items()):
            family.add_metric(labels, number)
        yield family


def _built() -> Metric:
    labels = ("version", "environment")
    family = GaugeMetricFamily("pushaudit_build_info", "What is running.", labels=labels)
    family.add_metric((str(settings.VERSION), str(settings.ENVIRONMENT)), 1)
    return family


def _moment(name: str, told: str, at: datetime | None) -> Metric:
    """Without a sample before there was any: 0 would be in 1970."""
    family = GaugeMetricFamily(name, told)
    if at is not None:
        family.add_metric((), at.timestamp())
    return family


def _bounded(counted: Iterable[tuple[str | None, int]], most: int) -> Callable[[str | None], str]:
    """The label of each value: its own for the ``most`` that occur most often, and one for all
    others, as whoever reports invents them."""
    numbers: Counter[str] = Counter()
    for value, count in counted:
        numbers[value or NOT_TOLD] += count
    kept: Collection[str] = {value for value, _ in numbers.most_common(most)}
    return lambda value: label if (label := value or NOT_TOLD) in kept else OTHER
