"""record() alone, in batches of 5,000 on one connection, against COPY of the same rows."""

from statistics import median
from time import perf_counter

from bench._database import migrated
from bench._lines import BATCH, UNTIL, copied_again, empty_months, lines

ROWS, ROUNDS = 50_000, 3


def main() -> None:
    from notifications.ingest.decoder import decode
    from notifications.ingest.recorder import record

    ours, floor = [], []
    for turn in range(ROUNDS):
        emissions = [decode(line, now=UNTIL) for line in lines(turn, ROWS)]
        empty_months()
        start = perf_counter()
        for at in range(0, len(emissions), BATCH):
            record(emissions[at : at + BATCH], source="bench")
        ours.append(len(emissions) / (perf_counter() - start))
        floor.append(copied_again())
    ratio = median(a / b for a, b in zip(ours, floor, strict=True))
    print(
        f"record() of {BATCH:,} at a time: {median(ours):,.0f} rows/s;"
        f" COPY of ready text: {median(floor):,.0f} rows/s; ratio {ratio:.2f}"
    )


if __name__ == "__main__":
    with migrated():
        main()
