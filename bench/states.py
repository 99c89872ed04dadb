"""How often what is said of a device is right, over random worlds whose truth is known. Needs no
database. What was said as known and is wrong goes to the standard error output, with its story."""

import sys
from collections.abc import Collection

from bench._states import Part, Score, Source, score, story_of
from notifications.protocol.state import Standing

WORLDS = 200
ROWS: dict[str, tuple[Collection[Source], bool]] = {
    "callbacks": ([Source.CALLBACKS], False),
    "history": ([Source.HISTORY], False),
    "mirror": ([Source.MIRROR], False),
    "table": ([Source.TABLE], False),
    "mirror and table": ([Source.MIRROR, Source.TABLE], False),
    "callbacks and mirror": ([Source.CALLBACKS, Source.MIRROR], False),
    "all": (tuple(Source), False),
    "all, by what was told then": (tuple(Source), True),
}


def main() -> None:
    totals = {name: Score() for name in ROWS}
    for seed in range(WORLDS):
        story = story_of(seed)
        for name, (sources, then) in ROWS.items():
            totals[name] += score(story, sources, then=then)
    print(_row("told by", *(str(part).replace("_", "-") for part in Part), "known and wrong"))
    print(_row("---", *["---:"] * (len(Part) + 1)))
    for name, total in totals.items():
        cells = (_cell(total, part) for part in Part)
        known = sum(total.told[part, Standing.KNOWN] for part in Part)
        print(_row(name, *cells, f"{len(total.wrong)} of {known:,}"))
        print(*total.wrong, sep="\n\n", file=sys.stderr)


def _cell(total: Score, part: Part) -> str:
    """How often it is known, and how often it is assumed and how often that is right; else it is
    unknown. Whether what is known is right has a column of its own."""
    known, assumed = (total.told[part, each] for each in (Standing.KNOWN, Standing.ASSUMED))
    words = [f"known {known / total.asked:.1%}"] if known else []
    if assumed:
        right = total.right[part, Standing.ASSUMED] / assumed
        words.append(f"assumed {assumed / total.asked:.1%} ({right:.1%} right)")
    return ", ".join(words).replace("%", " %") or "unknown"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
