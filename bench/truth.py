"""How often the rules are right, over random worlds whose truth is known, by the record of any set
of sources. Needs no database. What was said wrong goes to the standard error output, with the seed
of its world and its story.

``python -m bench.truth [WORLDS]``; with ``--reasons`` also how often each reason is right.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import chain, combinations

from bench._records import record
from bench._scoring import Score, Subset, score
from bench._truth import Truth
from bench._worlds import Source, play

WORLDS = 500
MESSAGES = (Source.BANK, Source.MIRROR, Source.PUSH_SERVER)
BESIDE = (Source.CALLBACKS, Source.HISTORY)
WORDS = {
    Source.BANK: "bank",
    Source.MIRROR: "mirror",
    Source.PUSH_SERVER: "Push Server",
    Source.CALLBACKS: "callbacks",
    Source.HISTORY: "history",
}
APART, MINUTES = "all, clocks minutes apart", 240.0
HEAD = (
    *("by", "lost", "of them visible", "recall", "precision", "reasons right"),
    "known and wrong",
)


def subsets() -> Iterator[Subset]:
    """All but those without messages: of those nothing is judged."""
    for some in _some(MESSAGES):
        for others in ((), *_some(BESIDE)):
            yield frozenset((*some, *others))


def rows() -> dict[str, tuple[Subset, bool]]:
    """By name, and whether of the emitter's reports the extras alone are told."""
    found = {_name(each): (each, False) for each in subsets()}
    found["bare extras"] = (frozenset({Source.BANK}), True)
    return found


def scores(seed: int) -> dict[str, Score]:
    """Of one world."""
    truth = Truth(record(play(seed)))
    found = {name: score(truth, each, is_bare=bare) for name, (each, bare) in rows().items()}
    return found | {APART: score(Truth(record(play(seed, apart=MINUTES))), frozenset(Source))}


def main() -> None:
    numbers = [each for each in sys.argv[1:] if each.isdecimal()]
    totals = {name: Score() for name in (*rows(), APART)}
    with ProcessPoolExecutor() as pool:
        for of_one in pool.map(scores, range(int(numbers[0]) if numbers else WORLDS)):
            for name, each in of_one.items():
                totals[name] += each
    print(_row(*HEAD))
    print(_row("---", *["---:"] * (len(HEAD) - 1)))
    for name, total in totals.items():
        print(_figures(name, total))
        print(*total.wrong, *total.stories, sep="\n\n", file=sys.stderr)
    if "--reasons" in sys.argv:
        _print_reasons(totals.values())


def _print_reasons(totals: Iterable[Score]) -> None:
    """Over all rows."""
    said, right = Counter[str](), Counter[str]()
    for each in totals:
        said.update({str(reason): count for reason, count in each.reasons.items()})
        right.update({str(reason): count for reason, count in each.right_reasons.items()})
    print("\n" + _row("reason", "said", "right"))
    print(_row("---", "---:", "---:"))
    for name, count in sorted(said.items()):
        print(_row(f"`{name}`", f"{count:,}", f"{right[name] / count:.2%}"))


def _figures(name: str, of: Score) -> str:
    return _row(
        name,
        f"{of.lost:,}",
        f"{of.visible:,} ({of.visible / of.lost:.0%})",
        f"{of.recall:.4f}",
        f"{of.precision:.4f}",
        f"{of.of_reasons:.4f}",
        f"{len(of.wrong):,} of {of.known:,}",
    )


def _some(sources: Iterable[Source]) -> Iterator[tuple[Source, ...]]:
    """One, two and so on of them."""
    told = tuple(sources)
    return chain.from_iterable(combinations(told, count + 1) for count in range(len(told)))


def _name(subset: Subset) -> str:
    if len(subset) == len(Source):
        return "all"
    return ", ".join(word for source, word in WORDS.items() if source in subset)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
