"""Which WSGI server serves this best: gunicorn with threads against granian, in turn."""

import importlib.util
from statistics import median

from bench import bulk, single
from bench._database import migrated
from bench._lines import lines
from bench._service import GRANIAN, GUNICORN, service

ROUNDS = 3


def main() -> None:
    if importlib.util.find_spec("granian") is None:
        print("granian is not installed; to compare: .venv/bin/python -m pip install granian")
        return
    bulks: dict[str, list[float]] = {"gunicorn": [], "granian": []}
    singles: dict[str, list[float]] = {"gunicorn": [], "granian": []}
    for turn in range(ROUNDS):
        for number, (name, command) in enumerate(
            {"gunicorn": GUNICORN, "granian": GRANIAN}.items()
        ):
            with service(command) as serving:
                bulks[name].append(bulk.rate(serving, 2 * turn + number))
                posts = list(lines(100 + 2 * turn + number, single.POSTS))
                singles[name].append(single.rate(serving, "/api/v1/notifications/", posts))
    for what, rates in {"bulk rows/s": bulks, "single posts a second": singles}.items():
        gunicorn, granian = median(rates["gunicorn"]), median(rates["granian"])
        print(
            f"{what}: gunicorn {gunicorn:,.0f}, granian {granian:,.0f};"
            f" ratio {gunicorn / granian:.2f}"
        )


if __name__ == "__main__":
    with migrated():
        main()
