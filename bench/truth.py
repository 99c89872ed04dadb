"""How often the trace is right, over random worlds whose truth is known. Needs no database. What
the rules got wrong goes to the standard error output, with the seed of its world."""

import sys
from datetime import timedelta

from bench._scoring import Score, score
from notifications.protocol.reasons import CountsAs

WORLDS = 200
END, LATER = timedelta(0), timedelta(days=1)
ROWS = {
    "full envelopes": (False, END),
    "bare extras": (True, END),
    "full envelopes, a day later": (False, LATER),
    "bare extras, a day later": (True, LATER),
}
HEAD = (
    *("judged", "worlds", "messages", "lost", "of them visible", "recall", "precision"),
    *("known and wrong", "misdirected named", "undecided", "explained", "pending"),
)


def main() -> None:
    print(_row(*HEAD))
    print(_row("---", *["---:"] * (len(HEAD) - 1)))
    for name, (bare, later) in ROWS.items():
        total = sum((score(seed, bare=bare, later=later) for seed in range(WORLDS)), Score())
        print(_figures(name, total))
        print(*total.stories, sep="\n\n", file=sys.stderr)


def _figures(name: str, of: Score) -> str:
    return _row(
        name,
        f"{of.worlds}",
        f"{of.messages:,}",
        f"{of.lost:,}",
        f"{of.visible:,} ({of.visible / of.lost:.0%})",
        f"{of.recall:.4f}",
        f"{of.precision:.4f}",
        f"{of.wrong:,} of {of.known:,}",
        f"{of.named:,} of {of.misdirected:,}",
        f"{of.counted[CountsAs.UNDECIDED]:,}",
        f"{of.counted[CountsAs.EXPLAINED]:,}",
        f"{of.counted[CountsAs.PENDING]:,}",
    )


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
