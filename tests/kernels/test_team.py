"""Shares of a kernel's work on a team of threads."""

import threading

import pytest

from autograd.kernels.threads import _Team


def record(thread, threads, done):
    done.append((thread, threads, threading.get_ident()))


def test_every_share_is_done_once_and_by_a_thread_of_its_own():
    team, done = _Team(), []
    for _ in range(20):
        done.clear()
        team(record, 3, done)
        assert sorted(share[:2] for share in done) == [(0, 3), (1, 3), (2, 3)]
        assert len({share[2] for share in done}) == 3
    assert len(team.workers) == 2


def test_the_first_share_is_done_by_the_caller():
    team, done = _Team(), []
    team(record, 2, done)
    assert next(share[2] for share in done if share[0] == 0) == threading.get_ident()


@pytest.mark.parametrize("failing", [0, 1])
def test_an_error_in_a_share_reaches_the_caller(failing):
    def fail(thread, threads):
        if thread == failing:
            raise ValueError(f"share {thread}")

    team, done = _Team(), []
    with pytest.raises(ValueError, match=f"share {failing}"):
        team(fail, 2)
    team(record, 2, done)
    assert sorted(share[:2] for share in done) == [(0, 2), (1, 2)]


def test_a_caller_that_finds_the_team_at_work_does_all_shares_itself():
    team, inside, go_on, done = _Team(), threading.Event(), threading.Event(), []

    def wait(thread, threads):
        inside.set()
        go_on.wait(10)

    other = threading.Thread(target=team, args=(wait, 2))
    other.start()
    assert inside.wait(10)
    team(record, 2, done)
    go_on.set()
    other.join()
    assert [share[2] for share in done] == [threading.get_ident()] * 2


def test_it_begins_anew_behind_a_fork():
    team, done = _Team(), []
    team(record, 2, done)
    team.after_fork()
    team(record, 2, done)
    assert sorted(share[:2] for share in done) == [(0, 2), (0, 2), (1, 2), (1, 2)]
    assert len(team.workers) == 1


def test_it_keeps_no_argument_alive():
    team, done = _Team(), []
    team(record, 2, done)
    assert [worker.job for worker in team.workers] == [()]
