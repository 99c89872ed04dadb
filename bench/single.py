"""Single posts over HTTP, four connections, against the barest Django view that decodes, inserts
one row and commits, served the same way."""

from statistics import median
from time import perf_counter

from bench._database import migrated
from bench._lines import empty_months, lines
from bench._service import WORKERS, Service, exchange_at_once, service

TABLE = "CREATE TABLE barest (id uuid PRIMARY KEY, emitted_at timestamptz, extras jsonb)"
POSTS, CONNECTIONS, ROUNDS = 3_000, 4, 5


def main() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(TABLE)
    empty_months()
    ours, floor = [], []
    with service() as serving:
        for turn in range(ROUNDS):
            bodies = list(lines(turn, POSTS))
            ours.append(rate(serving, "/api/v1/notifications/", bodies))
            floor.append(rate(serving, "/barest/", bodies))
    ratio = median(a / b for a, b in zip(ours, floor, strict=True))
    print(
        f"single posts, {WORKERS} workers, {CONNECTIONS} connections: {median(ours):,.0f} a second;"
        f" barest view: {median(floor):,.0f} a second; ratio {ratio:.2f}"
    )


def rate(serving: Service, path: str, bodies: list[bytes]) -> float:
    """Posts a second."""
    requests = [serving.request(path, body, "application/json") for body in bodies]
    dealt = [requests[number::CONNECTIONS] for number in range(CONNECTIONS)]
    start = perf_counter()
    answers = exchange_at_once(serving.port, dealt)
    seconds = perf_counter() - start
    assert all(status == 201 for each in answers for status, _ in each)
    return len(bodies) / seconds


if __name__ == "__main__":
    with migrated():
        main()
