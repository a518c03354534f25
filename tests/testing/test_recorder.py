"""The recorder: complete histories, in real time, of threads that overlap."""

from __future__ import annotations

import itertools
import sys
import threading

import pytest

from lockedcontainers.testing import DICT, Call, Outcome, Verdict, linearize, record


def test_a_history_has_every_call_with_its_outcome() -> None:
    threads = [[Call("setdefault", thread, thread), Call("pop", thread), Call("pop", thread)] for thread in range(3)]
    history = record({}, threads)

    assert [done.began for done in history] == sorted(done.began for done in history)
    for thread in range(3):
        mine = [done for done in history if done.thread == thread]
        assert [done.call for done in mine] == threads[thread]
        assert [done.outcome for done in mine] == [Outcome(thread), Outcome(thread), Outcome(raised=KeyError)]
        for before, after in itertools.pairwise(mine):
            assert before.ended is not None
            assert before.began <= before.ended <= after.began


def test_threads_overlap() -> None:
    barrier = threading.Barrier(2)
    history = record(barrier, [[Call("wait")], [Call("wait")]])

    assert history[1].began < (history[0].ended or 0)


class Racy(dict[str, int]):
    def __init__(self) -> None:
        super().__init__()
        self.both_have_looked = threading.Barrier(2)

    def setdefault(self, key: str, default: int = 0) -> int:
        if key in self:
            return self[key]
        self.both_have_looked.wait(30)
        self[key] = default
        return default


def test_a_race_is_seen_in_a_history() -> None:
    history = record(Racy(), [[Call("setdefault", "a", thread)] for thread in range(2)])

    assert linearize(history, DICT).verdict is Verdict.NOT_LINEARIZABLE


def test_the_switch_interval_is_set_and_put_back() -> None:
    before = sys.getswitchinterval()
    seen: list[float] = []
    record(seen, [[Call(_note_interval)]], switch_interval=1e-4)

    assert seen == [pytest.approx(1e-4)]
    assert sys.getswitchinterval() == before


def _note_interval(seen: list[float]) -> None:
    seen.append(sys.getswitchinterval())


def test_a_thread_that_hangs_is_named() -> None:
    stop = threading.Event()
    try:
        with pytest.raises(TimeoutError, match=r"still running after 0.1 s: thread 1"):
            record(stop, [[Call("is_set")], [Call("wait")]], timeout=0.1)
    finally:
        stop.set()


def test_what_is_not_an_exception_is_raised() -> None:
    def leave(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        record(None, [[Call(leave)]])


def test_a_call_of_what_the_target_does_not_have_is_raised_at_once() -> None:
    with pytest.raises(AttributeError, match="nope"):
        record({}, [[Call("get", "a")], [Call("nope")], [Call("get", "a")]], timeout=5)
