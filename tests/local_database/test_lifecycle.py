"""One server for all commands, in any order, and nothing left after the last."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pushaudit.local_database import locks
from pushaudit.local_database.state import LocalState
from tests.local_database.command import ROOT, environment_for
from tests.local_database.conftest import (
    Launch,
    Start,
    is_running,
    keeper_of,
    wait_for,
    wait_until_gone,
)


def test_two_first_starts_at_one_moment_make_one_cluster(
    first_starts: list[tuple[int, str]],
) -> None:
    (server, _), (other, _) = first_starts
    said = "".join(message for _, message in first_starts)
    assert server == other
    assert said.count("Starting PostgreSQL") == said.count("made now") == 1
    assert len(said.splitlines()) == 1


def test_commands_outlive_each_other_in_any_order(start: Start, state: LocalState) -> None:
    first, second, third = start(), start(), start()
    server = first.postmaster()
    assert second.postmaster() == server
    assert "Starting" in first.end()
    assert second.postmaster() == server
    assert third.postmaster() == server
    assert second.end() == ""
    assert third.postmaster() == server
    keeper = keeper_of(state)
    third.end()
    wait_until_gone(state)
    wait_for(lambda: not is_running(keeper), "the keeper's end")
    assert not is_running(server)
    assert not state.socket_directory.exists()


def test_nothing_is_left_when_the_only_command_is_killed(start: Start, state: LocalState) -> None:
    command = start()
    server = command.postmaster()
    command.kill()
    wait_for(lambda: not is_running(server), "the server's end")
    wait_until_gone(state)
    assert not state.socket_directory.exists()


def test_a_command_that_comes_while_the_server_stops_gets_a_new_one(start: Start) -> None:
    servers = set()
    for pause in (0.0, 0.2):
        command = start()
        servers.add(command.postmaster())
        command.end()
        time.sleep(pause)
    assert servers


def test_the_lease_outlives_an_exec(start: Start, state: LocalState) -> None:
    command = start()
    server = command.postmaster()
    assert command.ask("exec 0.8") == "executing"
    time.sleep(0.5)
    assert is_running(server)
    wait_for(lambda: not is_running(server), "the server's end")


def test_killed_keeper_takes_the_server_along_and_the_next_connection_recovers(
    start: Start, state: LocalState
) -> None:
    command = start()
    server = command.postmaster()
    os.kill(keeper_of(state), signal.SIGKILL)
    wait_for(lambda: not is_running(server), "the server's end")
    again = command.postmaster()  # the same command, which held a connection
    assert again != server
    assert start().postmaster() == again


def test_a_connection_right_after_the_keeper_was_killed_waits_for_the_old_server(
    start: Start, state: LocalState
) -> None:
    command = start()
    server = command.postmaster()
    assert command.ask("close") == "closed"
    os.kill(keeper_of(state), signal.SIGKILL)
    assert start().postmaster() != server
    assert command.ask("SELECT 1") == "1"


def test_a_killed_server_is_replaced_also_under_an_open_connection(
    start: Start, state: LocalState
) -> None:
    command, other = start(), start()
    server = command.postmaster()
    keeper = keeper_of(state)
    os.kill(server, signal.SIGKILL)
    again = other.postmaster()  # at once, while the keeper may not have noticed
    assert again != server
    assert not is_running(keeper)
    assert command.postmaster() == again


def test_a_keeper_asked_to_stop_stops_and_is_replaced(start: Start, state: LocalState) -> None:
    command = start()
    server = command.postmaster()
    assert command.ask("close") == "closed"
    os.kill(keeper_of(state), signal.SIGTERM)
    wait_for(lambda: locks.is_owned(state.start_lock), "the keeper's intention")
    assert command.postmaster() != server


def test_a_removed_socket_costs_a_restart(start: Start, state: LocalState) -> None:
    command = start()
    server = command.postmaster()
    state.socket.unlink()
    wait_for(lambda: not is_running(server), "the server's end")
    assert command.postmaster() != server


def test_a_cluster_whose_making_was_killed_half_way_is_made_by_the_next_command(
    empty: LocalState, launch: Launch
) -> None:
    first, second, third = (launch(empty) for _ in range(3))
    begun = empty.directory / "data.new" / "global"
    first.tell("SELECT 1")
    wait_for(begun.exists, "initdb's progress")
    os.kill(_starting_keeper(empty), signal.SIGKILL)
    assert "the keeper of the local database ended at its start" in first.end()
    assert not empty.data.exists()
    second.tell("SELECT 1")
    third.tell("SELECT current_database()")
    wait_for(begun.exists, "initdb's progress")
    second.kill()  # a starter that is killed takes nobody's server along
    assert third.hear() == "pushaudit"
    third.end()
    assert not begun.parent.exists()


def test_a_held_lease_keeps_the_server_between_commands(start: Start, state: LocalState) -> None:
    hold = [sys.executable, "-m", "pushaudit.local_database.hold", "sleep", "30"]
    holder = subprocess.Popen(hold, cwd=ROOT, env=environment_for(state.directory))  # noqa: S603
    wait_for(lambda: _is_leased(state), "the lease")
    assert not state.socket_directory.exists()  # it starts nothing itself
    first, second = start(), start()
    server = first.postmaster()
    first.end()
    time.sleep(0.4)
    assert second.postmaster() == server
    second.end()
    holder.kill()
    holder.wait()
    wait_for(lambda: not is_running(server), "the server's end")


@pytest.mark.skipif(sys.platform != "linux", reason="finds the keeper in /proc")
def test_a_starting_keeper_holds_no_lease(start: Start, state: LocalState) -> None:
    command = start()
    command.postmaster()
    keeper = keeper_of(state)
    opened = {file.readlink() for file in Path(f"/proc/{keeper}/fd").iterdir()}
    assert state.keeper_lock in opened
    assert state.lease not in opened


def _starting_keeper(state: LocalState) -> int:
    """It has logged nothing yet, so look for its command line."""
    found = subprocess.run(  # noqa: S603
        ["pgrep", "--newest", "-f", f"local_database.keeper {state.directory} "],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    )
    return int(found.stdout)


def _is_leased(state: LocalState) -> bool:
    descriptor = locks.try_take(state.lease, locks.EXCLUSIVE)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False
