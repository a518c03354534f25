"""Programs of calls: pairs, drawn programs, and what is printed of a failure."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from lockedcontainers.testing import (
    DICT,
    Call,
    ModelOf,
    calls,
    check_linearizable,
    explore,
    explore_pairs,
    replay,
)
from lockedcontainers.testing.strategies import programs, schedules

ANY = settings(deadline=None, phases=[Phase.generate, Phase.shrink], max_examples=2000, derandomize=True, database=None)


class Cell:
    """One value, put and taken; the model of itself."""

    def __init__(self, value: int | None = None) -> None:
        self.value = value

    def put(self, value: int) -> None:
        self.value = value

    def take(self) -> int | None:
        value, self.value = self.value, None
        return value


def value(cell: Cell) -> int | None:
    return cell.value


CELL = ModelOf(Cell, value, None, calls=[Call("put", 1), Call("put", 2), Call("take")], looks=[Call(value)])


class LockedCell(Cell):
    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()

    def put(self, value: int) -> None:
        with self.lock:
            super().put(value)

    def take(self) -> int | None:
        with self.lock:
            return super().take()


class LooselyLockedCell(LockedCell):
    def take(self) -> int | None:
        with self.lock:
            value = self.value
        with self.lock:
            self.value = None
        return value


def test_every_pair_is_explored() -> None:
    findings = explore_pairs(LockedCell, CELL.calls, CELL, starts=[(), (Call("put", 3),)], looks=CELL.looks)

    assert findings.require() is findings
    assert findings.programs == 2 * 6
    assert str(findings).startswith("explored everything: 12 programs, ")


def test_each_pair_that_fails_is_named() -> None:
    findings = explore_pairs(LooselyLockedCell, CELL.calls, CELL, starts=[(Call("put", 3),)], looks=CELL.looks)

    assert [name for name, _ in findings.failures] == [
        "put(1) and take() after put(3)",
        "put(2) and take() after put(3)",
        "take() and take() after put(3)",
    ]
    with pytest.raises(AssertionError, match="3 failed and 0 stopped"):
        findings.require()


def test_pairs_that_stop_at_the_cap_are_no_pass() -> None:
    findings = explore_pairs(LockedCell, CELL.calls, CELL, max_schedules=3)

    assert len(findings.stopped) == 6
    with pytest.raises(AssertionError, match="0 failed and 6 stopped with more to explore"):
        findings.require()


def test_pairs_without_a_switch_point_are_no_pass() -> None:
    with pytest.raises(AssertionError, match="no thread came to a switch point"):
        explore_pairs(Cell, CELL.calls, CELL).require()


class Registry(dict[str, int]):
    def setdefault(self, key: str, default: int = 0) -> int:
        if key not in self:
            self[key] = default
        return self[key]


def test_a_naive_class_is_found_out_by_three_lines() -> None:
    with pytest.raises(AssertionError, match="not linearizable") as raised:
        check_linearizable(Registry, dict)

    assert "if key not in self:" in str(raised.value)
    assert "Call('setdefault', 'a'" in str(raised.value)


def test_a_class_with_locks_passes() -> None:
    findings = check_linearizable(LockedCell, CELL, programs=10)

    assert findings.passed
    assert findings.preemptions == 1


class LosesSight(LockedCell):
    """Wrong only if two puts overlap with a take, which no pair of calls on a new cell can show."""

    def take(self) -> int | None:
        with self.lock:
            before = self.value
        with self.lock:
            if self.value != before:
                return None
            self.value = None
            return before


def test_a_race_of_three_is_found_by_drawn_programs() -> None:
    explore_pairs(LosesSight, CELL.calls, CELL, looks=CELL.looks).require()
    with pytest.raises(AssertionError, match="not linearizable"):
        check_linearizable(LosesSight, CELL)


def test_a_builtin_without_a_model_and_a_class_without_code_are_refused() -> None:
    with pytest.raises(TypeError, match="there is no ready model of slice"):
        check_linearizable(Registry, slice)
    with pytest.raises(TypeError, match="dict is compiled"):
        check_linearizable(dict, dict)


def test_an_interrupted_call_may_have_taken_effect_or_not() -> None:
    threads = [[Call("put", 1)], [Call("take")]]
    explore(calls(LockedCell, CELL, threads, after=CELL.looks, interrupts=1)).require()


class LateCell(LockedCell):
    """What a put that was interrupted has not put is there for the second take after it."""

    late: int | None = None

    def put(self, value: int) -> None:
        try:
            super().put(value)
        except KeyboardInterrupt:
            self.late = value
            raise

    def take(self) -> int | None:
        value = super().take()
        self.value, self.late = self.late, None
        return value


def hold(cell: Any) -> None:
    if isinstance(cell, LateCell):
        with cell.lock:
            pass


def test_an_interrupted_call_has_no_effect_later() -> None:
    takes = [Call("take"), Call("take")]
    result = explore(calls(LateCell, CELL, [[Call("put", 1)], [Call(hold)]], after=takes, interrupts=1))
    assert result.failure is not None
    assert "not linearizable" in result.failure.message


class Patient(LockedCell):
    def __init__(self) -> None:
        super().__init__()
        self.changed = threading.Condition(self.lock)

    def put(self, value: int) -> None:
        super().put(value)
        with self.changed:
            self.changed.notify()

    def take(self) -> int | None:
        with self.changed:
            if value(self) is None:
                self.changed.wait(timeout=1)
        return super().take()


class BreaksOnCtrlC(LockedCell):
    def put(self, value: int) -> None:
        try:
            super().put(value)
        except KeyboardInterrupt:
            self.value = 0
            raise


def test_the_budgets_are_those_of_every_pair() -> None:
    findings = explore_pairs(Patient, CELL.calls, CELL, early_timeouts=0, spurious_wakeups=1, max_preemptions=1)
    assert findings.passed
    assert "with at most 1 preemptions and 0 early timeouts and 1 spurious wakeups, " in str(findings)
    checked = check_linearizable(Patient, CELL, early_timeouts=0, spurious_wakeups=1, programs=1)
    assert checked.budgets == findings.budgets

    explore_pairs(BreaksOnCtrlC, CELL.calls, CELL, looks=CELL.looks).require()
    with pytest.raises(AssertionError, match="is interrupted"):
        check_linearizable(BreaksOnCtrlC, CELL, interrupts=1)


def test_calls_of_one_thread_keep_their_order() -> None:
    class Late(LockedCell):
        """A put that takes effect only at the thread's next call."""

        def __init__(self) -> None:
            super().__init__()
            self.pending: int | None = None

        def put(self, value: int) -> None:
            self.pending = value

        def take(self) -> int | None:
            with self.lock:
                if self.pending is not None:
                    self.value, self.pending = self.pending, None
                value, self.value = self.value, None
                return value

    threads = [[Call("put", 1), Call("take")], [Call(value)]]
    result = explore(calls(Late, CELL, threads))

    assert result.failure is not None
    assert "starts take()" in result.failure.table


@pytest.mark.parametrize("kind", [LockedCell, LooselyLockedCell])
def fails(kind: type[Any], drawn: tuple[list[list[Call]], list[int]]) -> bool:
    threads, schedule = drawn
    return replay(calls(kind, CELL, threads, after=CELL.looks), schedule).failure is not None


DRAWN = st.tuples(programs(CELL.calls), schedules())


def test_a_drawn_program_and_schedule_shrink_to_the_plainest() -> None:
    threads, schedule = find(DRAWN, lambda drawn: fails(LooselyLockedCell, drawn), settings=ANY)

    assert sum(map(len, threads)) <= 3
    assert len(schedule) - schedule.count(0) <= 2


@settings(ANY, max_examples=200)
@given(DRAWN)
def test_no_drawn_program_fails_on_a_class_with_locks(drawn: tuple[list[list[Call]], list[int]]) -> None:
    assert not fails(LockedCell, drawn)


def test_programs_are_within_their_bounds() -> None:
    @settings(ANY, max_examples=100)
    @given(programs(DICT.calls, min_threads=2, max_threads=4, max_calls=2))
    def check(threads: list[list[Call]]) -> None:
        assert 2 <= len(threads) <= 4
        assert all(1 <= len(thread) <= 2 for thread in threads)

    check()
