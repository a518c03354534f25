"""What is particular to LockedList: sorting, sums, slices, and what CPython does with a list that is given to it."""

# ruff: noqa: PLW0108, RUF005, RUF017, SIM300 - the expressions that a linter would change are what is tested
# Lambdas and empty displays have no types.
# pyright: reportUnknownArgumentType=false, reportUnknownLambdaType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import heapq
import itertools
import json
import operator
import os
import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import Any

import pytest

import lockedcontainers._list
from lockedcontainers import ABSENT, DeadlockError, LockedDict, LockedList, is_compiled
from lockedcontainers.testing import LIST, Call, explore_pairs

PATIENCE = float(os.environ.get("LOCKEDCONTAINERS_PATIENCE", "30"))
#: Time enough for a thread that need not wait to be done. One that must wait is found waiting however short it is.
MOMENT = 0.01


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as threads:
        yield threads


def iadd(one: Any, other: Any) -> Any:
    one += other
    return one


def imul(one: Any, other: Any) -> Any:
    one *= other
    return one


def waits(call: Future[Any]) -> bool:
    try:
        call.result(MOMENT)
    except NotYet:
        return True
    return False


def beside(pool: ThreadPoolExecutor, write: Callable[[], object], read: Callable[[], object]) -> None:
    """Read in two threads again and again while a third one writes."""
    writing = pool.submit(write)

    def keep_reading() -> None:
        while not writing.done():
            read()

    calls: list[Future[Any]] = [writing, *[pool.submit(keep_reading) for _ in range(2)]]
    for call in calls:
        call.result(PATIENCE)


# --- Sorting and remove_if ------------------------------------------------------------------------------------------

Rewrite = Callable[[LockedList[Any], Callable[[Any], Any]], object]
REWRITES: dict[str, Rewrite] = {
    "sort": lambda xs, key: xs.sort(key=key),
    "sort by __lt__": lambda xs, key: sort_by_comparing(xs, key),
    "remove_if": lambda xs, key: xs.remove_if(lambda x: key(x) == 3),
}
each_rewrite = pytest.mark.parametrize("rewrite", REWRITES.values(), ids=REWRITES)


class Compared(int):
    key: Callable[[Any], Any] = int

    def __lt__(self, other: object) -> bool:
        return bool(type(self).key(self) < type(self).key(other))


def sort_by_comparing(xs: LockedList[Any], key: Callable[[Any], Any]) -> None:
    class Keyed(Compared):
        pass

    Keyed.key = staticmethod(key)
    for i, x in enumerate(xs):
        xs[i] = Keyed(x)
    xs.sort()


@each_rewrite
def test_while_a_slow_key_runs_readers_see_the_list_as_it_was_and_writers_wait(
    rewrite: Rewrite, pool: ThreadPoolExecutor
) -> None:
    xs = LockedList([3, 1, 2])
    running, go_on = threading.Event(), threading.Event()

    def slow(x: int) -> int:
        running.set()
        assert go_on.wait(PATIENCE)
        return int(x)

    def read() -> list[Any]:
        one = [xs[0], xs[-1], len(xs), xs.index(1), xs.count(3), 2 in xs]
        return [*one, xs[1:], list(xs), list(reversed(xs)), str(xs)]

    sorting = pool.submit(rewrite, xs, slow)
    assert running.wait(PATIENCE)

    assert pool.submit(read).result(PATIENCE) == [3, 2, 3, 1, 1, True, [1, 2], [3, 1, 2], [2, 1, 3], "[3, 1, 2]"]
    writers = [pool.submit(xs.append, 0), pool.submit(operator.setitem, xs, 0, 9)]
    assert all(waits(writer) for writer in writers)

    go_on.set()
    calls: list[Future[Any]] = [sorting, *writers]
    for call in calls:
        call.result(PATIENCE)
    assert sorted(xs) in ([0, 2, 3, 9], [0, 2, 9], [0, 1, 2, 9])  # 9 took the place of the first element


@each_rewrite
def test_a_key_may_read_the_list(rewrite: Rewrite) -> None:
    xs = LockedList([2, 1, 2])

    rewrite(xs, lambda x: len(xs) * int(x) if list(xs) == [2, 1, 2] else "it has changed")

    assert sorted(xs) in ([1, 2, 2], [2, 2])


CHANGES: dict[str, Callable[[Any], object]] = {
    "append": lambda xs: xs.append(0),
    "clear": lambda xs: xs.clear(),
    "replace one": lambda xs: operator.setitem(xs, 0, 7),
    "sort": lambda xs: xs.sort(),
}


@each_rewrite
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_key_that_changes_the_list_is_an_error(rewrite: Rewrite, change: Callable[[Any], object]) -> None:
    xs, changed = LockedList([3, 2, 1]), LockedList([3, 2, 1])
    change(changed)
    calls = itertools.count()

    def key(x: int) -> int:
        if next(calls) == 0:
            change(xs)
        return int(x)

    with pytest.raises(ValueError, match="list modified during"):
        rewrite(xs, key)

    assert xs == changed


@each_rewrite
def test_a_key_may_lock_the_list_and_put_all_back(rewrite: Rewrite) -> None:
    xs = LockedList([3, 2, 1])

    def key(x: int) -> int:
        with xs.locked():
            xs.append(xs.pop())
        return int(x)

    rewrite(xs, key)

    assert sorted(xs, key=int) in ([1, 2, 3], [1, 2])


@each_rewrite
def test_a_key_that_raises_leaves_the_order_as_it_was(rewrite: Rewrite) -> None:
    xs = LockedList([3, 2, 1])

    with pytest.raises(ZeroDivisionError):
        rewrite(xs, lambda x: 1 / (x - 1))

    assert xs == [3, 2, 1]


@pytest.mark.usefixtures("switch_interval")
def test_a_sort_is_never_seen_empty_or_half_done(pool: ThreadPoolExecutor) -> None:
    up = list(range(500))
    down = up[::-1]
    xs = LockedList(up)

    def sort() -> None:
        for _ in range(200):
            xs.sort(reverse=True)
            xs.sort(key=abs)

    def look() -> None:
        assert xs.snapshot() in (up, down)
        assert len(xs) == 500
        assert xs[0] in (0, 499)
        assert xs[-1] in (0, 499)

    beside(pool, sort, look)


@pytest.mark.usefixtures("switch_interval")
def test_the_last_element_is_that_of_one_moment(pool: ThreadPoolExecutor) -> None:
    """It is never the one that is not last, though it is at the index that was the last one a moment before."""
    xs = LockedList(["last"])

    def write() -> None:
        for _ in range(20_000):
            xs.append("last")
            xs[0] = "not last"
            xs[0] = "last"
            xs.pop()

    def read() -> None:
        assert {xs[-1] for _ in range(100)} == {"last"}

    beside(pool, write, read)


@pytest.mark.parametrize("what", ["key", "writer"])
def test_a_sort_that_waits_for_a_thread_that_waits_for_it_is_a_deadlock(what: str) -> None:
    xs, d = LockedList([2, 1]), LockedDict[str, int]()
    errors: list[str] = []
    inside, sorting = threading.Event(), threading.Event()

    def key(x: int) -> int:
        sorting.set()
        assert inside.wait(PATIENCE)
        d["key"] = x
        return x

    def catch(name: str, call: Callable[[], object]) -> None:
        try:
            call()
        except DeadlockError:
            errors.append(name)

    def write() -> None:
        with d.locked():
            inside.set()
            assert sorting.wait(PATIENCE)
            xs.append(0)

    threads = [
        threading.Thread(target=catch, args=("key", lambda: xs.sort(key=key))),
        threading.Thread(target=catch, args=("writer", write)),
    ]
    for thread in threads if what == "key" else reversed(threads):
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(errors) == 1


# --- Sums -----------------------------------------------------------------------------------------------------------


def test_a_sum_with_a_plain_list_before_it_is_a_new_plain_list() -> None:
    plain, xs = [0], LockedList([1])

    assert plain + xs == [0, 1]
    assert type(plain + xs) is list
    assert (plain, xs) == ([0], [1])


def test_adding_to_a_plain_list_in_place_changes_that_list() -> None:
    plain, xs = [0], LockedList([1])
    same = plain

    plain += xs
    assert plain is same
    assert iadd(same, xs) is plain
    holder = {"list": plain}
    holder["list"] += xs
    assert holder["list"] is plain

    assert plain == [0, 1, 1, 1]


def test_adding_in_place_to_itself() -> None:
    xs = LockedList([1, 2])
    same = xs

    xs += xs
    xs.extend(xs)
    xs[1:1] = xs
    xs *= 2

    assert xs is same
    assert xs == ([1] + [1, 2] * 4 + [2, 1, 2, 1, 2, 1, 2]) * 2


def test_concatenation_by_the_operator_module() -> None:
    class Sub(LockedList[int]):
        pass

    for kind in (LockedList, Sub):
        xs = kind([1])
        assert operator.concat(xs, [2]) == [1, 2]
        assert operator.concat([2], xs) == [2, 1]
        assert operator.iconcat(xs, [2]) is xs  # type: ignore[no-untyped-call]
        assert xs == [1, 2]
        assert operator.mul(xs, 2) == operator.mul(2, xs) == [1, 2, 1, 2]


def test_slices_sums_and_products_are_locked_lists_of_the_same_class() -> None:
    class Sub(LockedList[int]):
        pass

    for kind in (LockedList, Sub):
        xs = kind([1, 2])
        made = [xs[:1], xs[::2], xs + [3], xs * 2, 2 * xs, xs.copy()]
        assert [type(new) for new in made] == [kind] * len(made)
        for new in made:
            new.append(0)
            new.sort()
        assert xs == [1, 2]


def test_an_iterable_that_lies_about_its_length() -> None:
    class Endless:
        def __iter__(self) -> Iterator[int]:
            return iter([1])

        def __length_hint__(self) -> int:
            return sys.maxsize

    xs = LockedList([0])
    xs.extend(Endless())
    xs[:1] = Endless()

    assert xs == [1, 1]


# --- Slices ---------------------------------------------------------------------------------------------------------


class Index:
    """Runs code of the user where a number is asked for."""

    def __init__(self, value: int, action: Callable[[], object]) -> None:
        self._value = value
        self._action = action

    def __index__(self) -> int:
        self._action()
        return self._value


INDEXED: dict[str, Callable[[Any, Any], object]] = {
    "l[i]": lambda xs, i: xs[i],
    "l[i:]": lambda xs, i: xs[i:],
    "l[::i]": lambda xs, i: xs[::i],
    "l[i] = v": lambda xs, i: operator.setitem(xs, i, 0),
    "l[i:] = v": lambda xs, i: operator.setitem(xs, slice(i, None), [0]),
    "del l[i]": lambda xs, i: operator.delitem(xs, i),
    "del l[:i]": lambda xs, i: operator.delitem(xs, slice(None, i)),
    "insert": lambda xs, i: xs.insert(i, 0),
    "pop": lambda xs, i: xs.pop(i),
    "index": lambda xs, i: xs.index(3, i),
    "l * i": lambda xs, i: xs * i,
    "l *= i": imul,
    "compute": lambda xs, i: xs.compute(i, str),
    "compare_and_set": lambda xs, i: xs.compare_and_set(i, 2, 5),
}


@pytest.mark.parametrize("call", INDEXED.values(), ids=INDEXED)
def test_an_index_is_computed_before_the_list_is_locked(call: Callable[[Any, Any], object]) -> None:
    xs = LockedList([1, 2, 3])
    told: list[bool] = []

    call(xs, Index(1, lambda: told.append(is_free(xs))))

    assert told == [True]


def is_free(container: Any) -> bool:
    def enter() -> None:
        with container.locked(timeout=0):
            pass

    with ThreadPoolExecutor(1) as thread:
        thread.submit(enter).result(PATIENCE)
    return True


def test_extended_slices_that_do_not_fit_change_nothing() -> None:
    xs = LockedList([1, 2, 3])

    with pytest.raises(ValueError, match="attempt to assign sequence of size 3"):
        xs[::2] = [7, 8, 9]
    with pytest.raises(TypeError):
        xs[:] = 5  # type: ignore[call-overload]
    with pytest.raises(ZeroDivisionError):
        xs[:] = (1 // n for n in (1, 0))

    assert xs == [1, 2, 3]


# --- Compound operations --------------------------------------------------------------------------------------------


def test_compare_and_set() -> None:
    xs = LockedList([1, 2])

    assert xs.compare_and_set(-1, 2.0, 3)  # type: ignore[arg-type]
    assert not xs.compare_and_set(0, 2, 3)
    with pytest.raises(IndexError):
        xs.compare_and_set(2, 2, 3)
    assert xs == [1, 3]


def test_compute() -> None:
    xs = LockedList([1, 2])

    assert xs.compute(0, lambda n: n + 1) == 2
    assert xs.compute(-1, lambda _: ABSENT) is ABSENT
    with pytest.raises(IndexError):
        xs.compute(1, str)  # type: ignore[arg-type]
    with pytest.raises(ZeroDivisionError):
        xs.compute(0, lambda n: n // 0)
    assert xs == [2]


@pytest.mark.usefixtures("switch_interval")
def test_compound_operations_lose_nothing(pool: ThreadPoolExecutor) -> None:
    xs = LockedList([0, 0])

    def count() -> None:
        for _ in range(1_000):
            xs.compute(0, lambda n: n + 1)
            while not xs.compare_and_set(1, (seen := xs[1]), seen + 1):
                pass

    for call in [pool.submit(count) for _ in range(4)]:
        call.result(PATIENCE)

    assert xs == [4_000, 4_000]


@pytest.mark.usefixtures("switch_interval")
def test_every_element_is_in_one_drain(pool: ThreadPoolExecutor) -> None:
    xs = LockedList[int]()
    drained: list[list[int]] = []

    def write() -> None:
        for n in range(5_000):
            xs.append(n)

    beside(pool, write, lambda: drained.append(xs.drain()))

    assert sorted([*itertools.chain(*drained), *xs.drain()]) == list(range(5_000))


# --- What is let go of ----------------------------------------------------------------------------------------------


class Held:
    """Its finalizer tells whether another thread could enter the list."""

    def __init__(self, xs: LockedList[Any], told: list[bool]) -> None:
        weakref.finalize(self, lambda: told.append(is_free(xs)))

    def __eq__(self, other: object) -> bool:
        return other == "held"

    __hash__ = object.__hash__


DISPLACING: dict[str, Callable[[Any], object]] = {
    "l[i] = v": lambda xs: operator.setitem(xs, 1, 0),
    "l[i:j] = v": lambda xs: operator.setitem(xs, slice(1, 2), []),
    "l[i::2] = v": lambda xs: operator.setitem(xs, slice(1, None, 2), [0]),
    "del l[i]": lambda xs: operator.delitem(xs, 1),
    "del l[:]": lambda xs: operator.delitem(xs, slice(None)),
    "del l[i::2]": lambda xs: operator.delitem(xs, slice(1, None, 2)),
    "pop": lambda xs: xs.pop(1) and None,
    "remove": lambda xs: xs.remove("held"),
    "remove_if": lambda xs: xs.remove_if(lambda x: x == "held"),
    "clear": lambda xs: xs.clear(),
    "drain": lambda xs: xs.drain() and None,
    "l *= 0": lambda xs: imul(xs, 0) and None,
    "__init__": lambda xs: xs.__init__([1]),
    "compute": lambda xs: xs.compute(1, lambda _: 0),
    "compute to ABSENT": lambda xs: xs.compute(1, lambda _: ABSENT),
    "compare_and_set": lambda xs: xs.compare_and_set(1, "held", 0),
}


@pytest.mark.parametrize("displace", DISPLACING.values(), ids=DISPLACING)
def test_what_is_displaced_is_let_go_of_after_the_section(displace: Callable[[Any], object]) -> None:
    xs: LockedList[Any] = LockedList([1])
    told: list[bool] = []
    xs.append(Held(xs, told))

    displace(xs)

    assert told == [True]


# --- What CPython does with a list that is given to it --------------------------------------------------------------

IDIOMS: dict[str, Callable[[LockedList[str]], Any]] = {
    "list(l)": list,
    "tuple(l)": tuple,
    "set(l)": set,
    "sorted(l)": sorted,
    "[*l]": lambda xs: [*xs],
    "(*l,)": lambda xs: (*xs,),
    "{*l}": lambda xs: {*xs},
    "f(*l)": lambda xs: "{} {}".format(*xs),
    "first, *rest = l": lambda xs: unpacked(xs),
    "[x for x in l]": lambda xs: [x for x in xs],  # noqa: C416
    "reversed(l)": lambda xs: list(reversed(xs)),
    "l[:]": lambda xs: xs[:],
    "l + []": lambda xs: xs + [],
    "[] + l": lambda xs: [] + xs,
    "[] += l": lambda xs: iadd([], xs),
    "extend(l)": lambda xs: list.extend([], xs) or list(xs),
    "other[:] = l": lambda xs: assigned(xs),
    "''.join(l)": "".join,
    "map": lambda xs: list(map(str, xs)),
    "zip": lambda xs: list(zip(xs, xs, strict=True)),
    "dict.fromkeys(l)": dict.fromkeys,
    "json.dumps(l)": json.dumps,
    "repr": repr,
    "l == list": lambda xs: xs == ["whole"] * 2,
    "list == l": lambda xs: ["whole"] * 2 == xs,
    "list < l": lambda xs: ["a"] < xs,
    "in": lambda xs: "half" in xs,
    "len": len,
    "l[-1]": lambda xs: xs[-1],
    "sum": lambda xs: sum([xs], []),
    "operator.add": lambda xs: operator.add([], xs),
    "operator.concat(l, [])": lambda xs: operator.concat(xs, []),
}
#: These read the storage in C, without asking: limits.md says so.
PAST_THE_LOCK: dict[str, Callable[[LockedList[str]], Any]] = {
    "operator.concat([], l)": lambda xs: operator.concat([], xs),
    "list.__add__([], l)": lambda xs: list.__add__([], xs),
    "list.copy(l)": list.copy,
    "list.__getitem__": lambda xs: list.__getitem__(xs, slice(None)),
    "heapq.heappushpop(l, v)": lambda xs: heapq.heappushpop(xs, ""),
}


def unpacked(xs: LockedList[str]) -> tuple[str, list[str]]:
    first, *rest = xs
    return first, rest


def assigned(xs: LockedList[str]) -> list[str]:
    other = ["other"]
    other[:] = xs
    return other


@pytest.mark.parametrize("idiom", IDIOMS.values(), ids=IDIOMS)
def test_idioms_wait_for_another_thread_that_keeps_the_list_locked(
    idiom: Callable[[LockedList[str]], Any], pool: ThreadPoolExecutor
) -> None:
    xs = LockedList(["whole"] * 2)
    expected = idiom(xs)
    with xs.locked():
        xs[:] = ["half"]
        call = pool.submit(idiom, xs)
        assert waits(call)
        xs[:] = ["whole"] * 2

    assert call.result(PATIENCE) == expected


@pytest.mark.parametrize("idiom", PAST_THE_LOCK.values(), ids=PAST_THE_LOCK)
def test_c_code_that_reads_the_storage_does_not_wait(
    idiom: Callable[[LockedList[str]], Any], pool: ThreadPoolExecutor
) -> None:
    xs = LockedList(["whole"])
    with xs.locked():
        pool.submit(idiom, xs).result(PATIENCE)


@pytest.mark.usefixtures("switch_interval")
def test_what_reads_the_storage_sees_one_moment(pool: ThreadPoolExecutor) -> None:
    """Each of our operations writes the storage in one step of CPython's."""
    xs = LockedList(range(100))
    states = [list(range(100)), list(range(99, -1, -1)), [7] * 50]

    def write() -> None:
        for _ in range(500):
            xs.reverse()
            xs.sort()
            xs[:] = [7] * 50
            xs[:] = range(100)

    def read() -> None:
        assert list.__add__([], xs) in states
        assert sum([xs], []) in states

    beside(pool, write, read)


# --- Every two operations -------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.usefixtures("_specified_mutex")
@pytest.mark.skipif(is_compiled, reason="only Python code can be explored")
def test_all_pairs_are_linearizable(preemptions: int | None) -> None:
    explore_pairs(
        LockedList, LIST.calls, LIST, starts=LIST.starts[1:], looks=LIST.looks, max_preemptions=preemptions
    ).require()


@pytest.mark.slow
@pytest.mark.skipif(is_compiled, reason="only Python code can be explored")
def test_all_pairs_are_linearizable_between_instructions(few: Callable[[Sequence[Call]], Sequence[Call]]) -> None:
    room = [lockedcontainers._list]
    explore_pairs(
        LockedList,
        few(LIST.calls),
        LIST,
        starts=LIST.starts[1:],
        looks=LIST.looks,
        instructions_of=room,
        max_preemptions=1,
    ).require()
