"""Statements that are asked together: what they find, and what becomes of one that fails."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from notifications.models.statements import asked, fetched, nothing, together

NUMBER = "SELECT %(number)s::integer"
DIVIDED = "SELECT 1 / %(by)s::integer"


@pytest.fixture
def _nothing_around(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """No transaction; and nothing to be undone, since nothing here is written."""
    with django_db_blocker.unblock():
        yield
        connection.close()


@pytest.fixture(params=["in a transaction", "each for itself"])
def _surroundings(request: pytest.FixtureRequest, _nothing_around: None) -> Iterator[None]:
    with transaction.atomic() if request.param == "in a transaction" else nullcontext():
        yield


@pytest.mark.usefixtures("_surroundings")
def test_statements_are_answered_in_whatever_order_they_are_read() -> None:
    with together():
        first, second = (asked(NUMBER, {"number": each}) for each in (1, 2))
        later = asked(NUMBER, {"number": second()[0][0] + 1})
        assert (first(), later()) == ([(1,)], [(3,)])
    assert fetched(NUMBER, {"number": 4}) == [(4,)]
    assert nothing({1})() == {1}


@pytest.mark.usefixtures("_surroundings")
def test_other_statements_can_come_between() -> None:
    with together():
        answer = asked(NUMBER, {"number": 1})
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s", [2])
            assert cursor.fetchone() == (2,)
        assert answer() == [(1,)]


@pytest.mark.usefixtures("_nothing_around")
def test_one_that_fails_is_told_and_leaves_nothing_behind() -> None:
    """To whoever reads any of them, maybe one that was asked before it."""

    def ask() -> None:
        with together():
            answers = [asked(DIVIDED, {"by": each}) for each in (1, 0, 2)]
            for answer in answers:
                answer()

    with pytest.raises(DatabaseError, match="division by zero"):
        ask()
    assert fetched(NUMBER, {"number": 3}) == [(3,)]


@pytest.mark.usefixtures("_nothing_around")
def test_one_that_fails_is_told_where_nobody_reads_it_too() -> None:
    with pytest.raises(DatabaseError, match="division by zero"), together():
        asked(DIVIDED, {"by": 0})
    assert fetched(DIVIDED, {"by": 1}) == [(1,)]


@pytest.mark.usefixtures("_nothing_around")
def test_what_is_not_read_since_something_else_failed_leaves_nothing_behind() -> None:
    def ask() -> None:
        with together():
            asked(NUMBER, {"number": 1})
            raise KeyError

    with pytest.raises(KeyError):
        ask()
    assert fetched(NUMBER, {"number": 2}) == [(2,)]


@pytest.mark.usefixtures("_nothing_around")
def test_a_connection_that_ends_meanwhile_is_told_as_such_and_made_anew() -> None:
    def ask() -> None:
        with together():
            asked("SELECT pg_terminate_backend(pg_backend_pid())", {})
            asked(NUMBER, {"number": 1})()

    with pytest.raises(DatabaseError):
        ask()
    connection.close()
    assert fetched(NUMBER, {"number": 2}) == [(2,)]


@pytest.mark.django_db
def test_they_are_counted_and_logged_as_others_are(
    django_assert_num_queries: Callable[..., Any],
) -> None:
    with django_assert_num_queries(2) as logged, together():
        answers = [asked(NUMBER, {"number": each}) for each in (1, 2)]
    assert [answer() for answer in answers] == [[(1,)], [(2,)]]
    assert logged[1]["sql"] == "SELECT 2::integer"
