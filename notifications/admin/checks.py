"""The checklist of an operation: what each of its rounds owes, and whether it is there."""

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from notifications.protocol.expectations import Mark
from notifications.protocol.reasons import CountsAs, Rule
from notifications.trace.entries import Entry, EpisodeView, Timeline
from notifications.trace.sentences import WORDS, told_at

from .words import Badge, of_gap, of_result

Round = tuple[int, tuple[Badge, ...]]


def checks_of(timeline: Timeline) -> Iterator[Round]:
    """Of each round, by its number: announced, finished in time, once, results agree."""
    entries: dict[int | None, list[Entry]] = {}
    for entry in timeline.entries:
        entries.setdefault(entry.episode, []).append(entry)
    for episode in timeline.episodes:
        found = entries.get(episode.number, [])
        checks = (_announced(episode, found), _finished(episode, found), _once(found))
        yield episode.number, (*checks, _agrees(episode))


def _announced(episode: EpisodeView, found: Sequence[Entry]) -> Badge:
    gap = _gravest(found, Rule.E2)
    if gap is not None:
        return gap
    at, finished = episode.announced_at, episode.finished_at
    if at is not None and finished is not None and at > finished:
        return Badge(_("%(time)s, after the finish") % {"time": told_at(at)}, "warn", "!", "")
    return Badge(told_at(at) if at is not None else _("not told"), "good", "✓", "")


def _finished(episode: EpisodeView, found: Sequence[Entry]) -> Badge:
    gap = _gravest(found, Rule.E1)
    if gap is not None:
        return gap
    at = episode.finished_at
    if at is not None and at > episode.due:
        times = {"time": told_at(at), "due": told_at(episode.due)}
        return Badge(_("%(time)s, due %(due)s") % times, "warn", "!", "")
    return Badge(told_at(at) if at is not None else _("not told"), "good", "✓", "")


def _once(found: Sequence[Entry]) -> Badge:
    repeats = sum(Mark.DUPLICATE in each.marks for each in found)
    if repeats:
        words = ngettext("%(number)s repeated", "%(number)s repeated", repeats)
        return Badge(words % {"number": repeats}, "warn", "!", "")
    return Badge(_("nothing repeated"), "good", "✓", "")


def _agrees(episode: EpisodeView) -> Badge:
    told = ", ".join(of_result(each).text for each in episode.results)
    if not episode.agrees:
        return Badge(told, "bad", "✕", "")
    return Badge(told, "good", "✓", "") if told else Badge(_("no result told"), "quiet", "○", "")


def _gravest(found: Sequence[Entry], rule: Rule) -> Badge | None:
    """Of what ``rule`` says is owed and not there."""
    for counted in CountsAs:
        gaps = [each for each in found if each.rule is rule and each.counts_as is counted]
        if gaps and gaps[0].reason is not None:
            badge = of_gap(counted)
            times = f"{len(gaps)} " if len(gaps) > 1 else ""
            text = f"{times}{badge.text}: {WORDS[gaps[0].reason]}"
            return Badge(text, badge.look, badge.sign, "")
    return None
