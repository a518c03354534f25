"""What is particular to LockedDeque: its maxlen, its two ends, and its place in CPython's struct."""

from __future__ import annotations

import copy
import gc
import operator
import pickle
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import pytest

import lockedcontainers._deque
from lockedcontainers import LockedDeque, LockTimeout, is_compiled
from lockedcontainers.testing import DEQUE, Call, ModelOf, explore_pairs
from lockedcontainers.testing._models import Deque, contents_repr

OPERATORS: Mapping[str, Callable[..., Any]] = vars(operator)
EXTENDING: dict[str, Callable[[LockedDeque[Any], Any], object]] = {
    "extend": lambda d, items: d.extend(items),
    "extendleft": lambda d, items: d.extendleft(items),
    "+=": OPERATORS["iadd"],
    "__init__": lambda d, items: d.__init__(items, d.maxlen),  # type: ignore[misc]
}


class Item:
    """Something whose end can be seen."""


class Sub(LockedDeque[Any]):
    """With an attribute of its own."""

    def __init__(self, iterable: Any = (), maxlen: int | None = None, *, name: str = "") -> None:
        super().__init__(iterable, maxlen)
        self.name = name


def run_all(*targets: Callable[[], object]) -> None:
    """Run each target in a thread of its own."""
    raised: list[BaseException] = []

    def run(target: Callable[[], object]) -> None:
        try:
            target()
        except BaseException as exception:  # noqa: BLE001
            raised.append(exception)

    threads = [threading.Thread(target=run, args=(target,), daemon=True) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert not raised, raised


def test_is_a_deque() -> None:
    d = LockedDeque("abc", maxlen=3)
    assert isinstance(d, deque)
    assert d.maxlen == 3
    match d:
        case [first, *_]:
            assert first == "a"
        case _:
            pytest.fail("is no sequence")


def test_ends() -> None:
    d = LockedDeque([1])
    d.append(2)
    d.appendleft(0)
    assert (d.pop(), d.popleft(), d.pop()) == (2, 0, 1)
    with pytest.raises(IndexError, match="pop from an empty deque"):
        d.pop()
    with pytest.raises(IndexError, match="pop from an empty deque"):
        d.popleft()


@pytest.mark.parametrize("maxlen", [None, 0, 1, 2, 5, sys.maxsize])
def test_every_way_to_add(maxlen: int | None) -> None:
    ours, model = LockedDeque("ab", maxlen), deque("ab", maxlen)
    for d in (ours, model):
        d.append("c")
        d.appendleft("d")
        d.extend("ef")
        d.extendleft("gh")
        d.extend(iter("ij"))
        d.extend(d)
        d.extendleft(d)
        assert OPERATORS["iadd"](d, d) is d
        assert OPERATORS["imul"](d, 2) is d
    assert ours == model
    assert ours.maxlen == model.maxlen
    assert ours + ours == model + model
    assert ours * 2 == model * 2 == 2 * ours
    ours *= 0
    assert list(ours) == []


def test_init_again() -> None:
    d: Any = LockedDeque("abc", 3)
    d.__init__("xy", 2)
    assert d == deque("xy")
    d.append("z")
    assert (list(d), d.maxlen) == (["y", "z"], 2)
    d.__init__()
    d.extend("abc")
    assert (list(d), d.maxlen) == (["a", "b", "c"], None)


def test_init_that_fails_changes_nothing() -> None:
    d: Any = LockedDeque("abc", 3)
    for arguments in [("xy", -1), (5,), ("xy", "z")]:
        with pytest.raises((TypeError, ValueError)):
            d.__init__(*arguments)
        assert (list(d), d.maxlen) == (["a", "b", "c"], 3)


def test_made_without_init() -> None:
    d: LockedDeque[int] = LockedDeque.__new__(LockedDeque)  # pyright: ignore[reportUnknownVariableType]
    assert d.maxlen is None
    d.append(1)
    assert d == deque([1])


@pytest.mark.parametrize("maxlen", [0, 3])
@pytest.mark.parametrize("name", EXTENDING)
def test_long_iterable_is_never_held_whole(maxlen: int, name: str) -> None:
    alive: weakref.WeakSet[Item] = weakref.WeakSet()
    most = 0

    def items() -> Iterator[Item]:
        nonlocal most
        for _ in range(100):
            item = Item()
            alive.add(item)
            most = max(most, len(alive))
            yield item

    EXTENDING[name](LockedDeque(maxlen=maxlen), items())
    assert most <= maxlen + 3


def test_extend_that_fails_adds_nothing() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ZeroDivisionError

    d = LockedDeque([0])
    for add in (d.extend, d.extendleft):
        with pytest.raises(ZeroDivisionError):
            add(items())
    assert list(d) == [0]


DISPLACING: dict[str, Callable[[LockedDeque[Any]], object]] = {
    "append": lambda d: d.append(0),
    "appendleft": lambda d: d.appendleft(0),
    "extend": lambda d: d.extend([0]),
    "extend with an iterator": lambda d: d.extend(iter([0])),
    "extendleft": lambda d: d.extendleft([0]),
    "+=": lambda d: d.__iadd__([0]),
    "*= 0": lambda d: d.__imul__(0),
    "d[0] = v": lambda d: operator.setitem(d, 0, 0),
    "del d[-1]": lambda d: operator.delitem(d, -1),
    "clear": lambda d: d.clear(),
    "drain": lambda d: d.drain() and None,
    "__init__": lambda d: d.__init__(),  # type: ignore[misc]
    "pop": lambda d: d.pop() and None,
    "remove": lambda d: d.remove(d[0]),
}


@pytest.mark.parametrize("name", DISPLACING)
def test_what_is_displaced_is_let_go_of_outside_the_lock(name: str) -> None:
    d: LockedDeque[Any] = LockedDeque(maxlen=1)
    free: list[bool] = []

    class Last:
        def __del__(self) -> None:
            other = threading.Thread(target=lambda: free.append(d.locked(timeout=5).__enter__() is d), daemon=True)
            other.start()
            other.join()

    d.append(Last())
    DISPLACING[name](d)
    gc.collect()
    assert free == [True]


def test_index_errors() -> None:
    d = LockedDeque("abc")
    assert (d[0], d[-1], d[True]) == ("a", "c", "b")
    for index in (3, -4):
        with pytest.raises(IndexError, match="deque index out of range"):
            d[index]
        with pytest.raises(IndexError, match="deque index out of range"):
            d[index] = "x"
        with pytest.raises(IndexError, match="deque index out of range"):
            del d[index]
    for key in ("a", slice(1), None, 1.0):
        with pytest.raises(TypeError, match="sequence index must be integer, not"):
            d[key]  # type: ignore[index]
    with pytest.raises(IndexError, match="deque already at its maximum size"):
        LockedDeque("ab", 2).insert(1, "c")
    assert list(d) == ["a", "b", "c"]


def test_what_a_new_maxlen_displaces_is_let_go_of_outside_the_lock() -> None:
    d: Any = LockedDeque[Any](maxlen=3)
    free: list[bool] = []

    class Last:
        def __del__(self) -> None:
            other = threading.Thread(target=look)
            other.start()
            other.join()

    def look() -> None:
        try:
            with d.locked(timeout=0.05):
                free.append(True)
        except LockTimeout:
            free.append(False)

    d.__init__([Last()], 1)
    d.append(0)
    gc.collect()
    assert free == [True]


FAILING: dict[str, Callable[[LockedDeque[Any]], object]] = {
    "d[i]": lambda d: d[5],
    "d[i] = v": lambda d: operator.setitem(d, 5, 0),
    "del d[i]": lambda d: operator.delitem(d, 5),
    "insert": lambda d: d.insert(1, "c"),
    "remove": lambda d: d.remove("x"),
    "index": lambda d: d.index("x"),
    "pop": lambda d: d.drain() and d.pop(),
    "popleft": lambda d: d.drain() and d.popleft(),
}


@pytest.mark.parametrize("name", FAILING)
def test_what_fails_leaves_the_deque_free(name: str) -> None:
    d = LockedDeque("ab", 2)
    with pytest.raises((IndexError, ValueError)):
        FAILING[name](d)
    free: list[bool] = []
    other = threading.Thread(target=lambda: free.append(d.locked(timeout=5).__enter__() is d), daemon=True)
    other.start()
    other.join()
    assert free == [True]


def test_other_operands() -> None:
    d: Any = LockedDeque("a", maxlen=3)
    assert type(deque("b") + d) is deque
    assert type(d + deque("b")) is LockedDeque
    assert (d + deque("b")).maxlen == 3
    plain = deque("b")
    same = plain
    plain += d
    assert same is plain == deque("ba")
    assert operator.concat(d, deque("b")) == deque("ab")
    assert OPERATORS["iconcat"](d, ["c"]) is d
    assert d == deque("ac") == d
    assert d != deque("a")
    assert deque("ab") < d <= deque("ac")
    assert d.__eq__(["a", "c"]) is NotImplemented
    for by, other in ((operator.add, ["b"]), (operator.mul, "b"), (operator.lt, ["b"])):
        with pytest.raises(TypeError):
            by(d, other)
        with pytest.raises(TypeError):
            by(other, d)


def test_compared_with_itself() -> None:
    d = LockedDeque([float("nan")])
    assert d == d  # noqa: PLR0124
    assert d <= d  # noqa: PLR0124
    assert not d < d  # noqa: PLR0124


def test_repr() -> None:
    d: LockedDeque[Any] = LockedDeque([1])
    d.append(d)
    assert repr(d) == "LockedDeque([1, [...]])"
    assert repr(LockedDeque("ab", 2)) == "LockedDeque(['a', 'b'], maxlen=2)"
    assert list(LockedDeque("a", 2).__rich_repr__()) == [["a"], ("maxlen", 2, None)]  # type: ignore[attr-defined]


@pytest.mark.parametrize("maxlen", [None, 0, 4])
def test_copies(maxlen: int | None) -> None:
    d = Sub("abc", maxlen, name="letters")
    made = [pickle.loads(pickle.dumps(d, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
    for new in (*made, copy.deepcopy(d)):
        assert type(new) is Sub
        assert (new, new.maxlen, new.name) == (d, maxlen, "letters")
    for new in (d.copy(), copy.copy(d), d + deque[Any](), d * 1):
        assert type(new) is Sub
        assert (new, new.maxlen) == (d, maxlen)
    for plain in (d.snapshot(), d.drain()):
        assert type(plain) is deque
        assert plain.maxlen == maxlen
    assert (list(d), d.maxlen) == ([], maxlen)


def test_deque_that_holds_itself() -> None:
    d: LockedDeque[Any] = LockedDeque()
    d.append(d)
    new = copy.deepcopy(d)
    assert new[0] is new
    loaded = pickle.loads(pickle.dumps(d))
    assert loaded[0] is loaded
    gone = weakref.ref(d)
    del d
    gc.collect()
    assert gone() is None


def test_no_other_object_is_taken_for_a_deque() -> None:
    calls: list[Callable[..., object]] = [LockedDeque[Any].append, LockedDeque[Any].extend]
    for call in calls:
        others: list[Any] = [[], deque()]
        for other in others:
            with pytest.raises((TypeError, AttributeError)):
                call(other, [])


def test_classes_and_objects_die() -> None:
    class Local(LockedDeque[Any]):
        pass

    before = sys.getrefcount(Local)
    for _ in range(100):
        d = Local([1])
        d.append(d)
        d.me = d  # type: ignore[attr-defined]
    del d
    gc.collect()
    assert sys.getrefcount(Local) == before


def test_mutation_by_a_comparison() -> None:
    """Readers compare a copy; only remove compares in place, and notices."""

    class Clears:
        def __eq__(self, other: object) -> bool:
            d.clear()
            return False

        __hash__ = None  # type: ignore[assignment]

    d: LockedDeque[Any] = LockedDeque([Clears(), 2])
    assert 1 not in d
    assert list(d) == []
    d = LockedDeque([Clears(), 2])
    assert d.count(1) == 0
    assert list(d) == []
    d = LockedDeque([Clears(), 2])
    with pytest.raises(IndexError, match="mutated during"):
        d.remove(1)
    d = LockedDeque([Clears(), 2])
    with pytest.raises(ValueError, match="not in deque"):
        d.index(1)


# --- Several threads -------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("switch_interval")
def test_each_item_is_popped_once() -> None:
    d: LockedDeque[int] = LockedDeque()
    popped: list[list[int]] = [[], []]
    n = 2000

    def produce(start: int) -> None:
        for i in range(start, start + n):
            d.append(i)

    def consume(mine: list[int], pop: Callable[[], int]) -> None:
        while len(popped[0]) + len(popped[1]) < 2 * n:
            try:
                mine.append(pop())
            except IndexError:
                continue

    run_all(
        lambda: produce(0), lambda: produce(n), lambda: consume(popped[0], d.popleft), lambda: consume(popped[1], d.pop)
    )
    assert sorted(popped[0] + popped[1]) == list(range(2 * n))


@pytest.mark.usefixtures("switch_interval")
def test_never_longer_than_its_maxlen() -> None:
    d = LockedDeque(range(5), maxlen=5)
    done = threading.Event()

    def write() -> None:
        try:
            for i in range(500):
                d.append(i)
                d.appendleft(i)
                d.extend([i] * 7)
        finally:
            done.set()

    def read() -> None:
        while not done.is_set():
            assert len(d) == 5
            assert len(list(d)) == 5

    run_all(write, read)


@pytest.mark.usefixtures("switch_interval")
def test_readers_see_one_moment() -> None:
    d = LockedDeque(range(70))
    whole = set(range(70))
    done = threading.Event()

    def write() -> None:
        try:
            for i in range(300):
                d.rotate(i % 7 - 3)
                d.reverse()
                with d.locked():
                    d.append(d.popleft())
        finally:
            done.set()

    def read() -> None:
        while not done.is_set():
            for items in (list(d), list(reversed(d)), d.snapshot(), d.copy(), d + deque[int](), [*d]):
                assert set(items) == whole
                assert len(items) == 70
            assert 69 in d
            assert d.count(3) == 1

    run_all(write, read)


def test_crossing_extends_end() -> None:
    a, b = LockedDeque([1]), LockedDeque([2])
    both = threading.Barrier(2)  # else each may be doubled by the other's, again and again

    def cross(one: LockedDeque[int], other: LockedDeque[int]) -> None:
        for _ in range(200):
            both.wait(30)
            one.extend(other)
            one += other
            assert one + other is not None
            assert one == other or one != other
            both.wait(30)
            one.clear()
            one.append(1)

    run_all(lambda: cross(a, b), lambda: cross(b, a))


# --- Every two operations --------------------------------------------------------------------------------------


def bounded(items: Iterable[Any] = ()) -> Deque:
    return Deque(items, 3)


MODELS: dict[int | None, ModelOf[Deque]] = {None: DEQUE, 3: ModelOf(bounded, tuple)}


@pytest.mark.slow
@pytest.mark.usefixtures("_specified_mutex")
@pytest.mark.skipif(is_compiled, reason="only Python code can be explored")
@pytest.mark.parametrize("maxlen", MODELS)
def test_all_pairs_are_linearizable(maxlen: int | None, preemptions: int | None, few_preemptions: int) -> None:
    make, most = partial(LockedDeque[Any], maxlen=maxlen), preemptions if maxlen is None else few_preemptions
    explore_pairs(
        make, DEQUE.calls, MODELS[maxlen], starts=DEQUE.starts[1:], looks=DEQUE.looks, max_preemptions=most
    ).require()


@pytest.mark.slow
@pytest.mark.skipif(is_compiled, reason="only Python code can be explored")
def test_all_pairs_are_linearizable_between_instructions(few: Callable[[Sequence[Call]], Sequence[Call]]) -> None:
    room = [lockedcontainers._deque]
    explore_pairs(
        LockedDeque,
        few(DEQUE.calls),
        DEQUE,
        starts=DEQUE.starts[1:],
        looks=DEQUE.looks,
        instructions_of=room,
        max_preemptions=1,
    ).require()


def bounded_by(make: Callable[[Any], deque[Any]]) -> Call:
    """What a deque makes of itself: the items and the maxlen, each of which may be of another moment."""

    def made(d: Any) -> tuple[list[Any], int | None]:
        new = make(d)
        return list(new), new.maxlen

    return Call(made)


def multiplied(d: Any) -> Any:
    d *= 3
    return d


def printed_by_rich(d: Any) -> tuple[list[Any], int | None]:
    """The model has no such method: it is alone anyway."""
    parts: list[Any] = list(d.__rich_repr__()) if isinstance(d, LockedDeque) else [list(d), ("maxlen", d.maxlen, None)]  # type: ignore[attr-defined]
    return list(parts[0]), parts[1][1]


MAKING = (
    bounded_by(lambda d: d.copy()),
    bounded_by(copy.copy),
    bounded_by(copy.deepcopy),
    bounded_by(lambda d: d + deque([8, 9])),
    bounded_by(lambda d: d * 3),
    bounded_by(lambda d: d.snapshot()),
    bounded_by(lambda d: d.drain()),
    Call(contents_repr),
    Call(printed_by_rich),
    Call(multiplied),
    Call("append", 8),
    Call("extend", [7, 8, 9]),
)


@pytest.mark.slow
@pytest.mark.skipif(is_compiled, reason="only Python code can be explored")
@pytest.mark.parametrize("making", MAKING)
def test_items_and_maxlen_are_of_one_moment(making: Call) -> None:
    room = [lockedcontainers._deque]
    model = ModelOf(lambda state: Deque(*state), lambda d: (tuple(d), d.maxlen), initial=((1, 2, 3, 4), 4))
    explore_pairs(
        partial(LockedDeque[int], [1, 2, 3, 4], 4),
        [making, Call("__init__", (5, 6), 3)],
        model,
        looks=[bounded_by(lambda d: d)],
        instructions_of=room,
        max_preemptions=1,
    ).require()
