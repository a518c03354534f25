# pyright: basic
"""The queues under the explorer: every schedule of small programs, each answer judged by a queue for one thread."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from contextlib import suppress
from functools import partial
from itertools import combinations_with_replacement
from queue import Empty, Full
from typing import Any

import pytest

from lockedcontainers import (
    BoundedLifoQueue,
    BoundedPriorityQueue,
    BoundedQueue,
    ShutDown,
    _queue,
    is_compiled,
    select,
)
from lockedcontainers._queue import waiting
from lockedcontainers.testing import Call, Outcome, Program, calls, explore
from lockedcontainers.testing._history import plain

if is_compiled:
    pytest.skip("only Python code can be explored", allow_module_level=True)


class Model:
    """A queue for one thread: items, unfinished tasks, whether it was shut down. What must wait has no outcome yet."""

    def __init__(self, maxsize: int, *, lifo: bool = False, priority: bool = False, overflow: str = "block") -> None:
        self.maxsize = maxsize
        self.lifo = lifo
        self.priority = priority
        self.overflow = overflow
        self.initial: Hashable = ((), 0, False)

    def key(self, call: Call) -> None:  # noqa: ARG002
        return None

    def step(self, state: Any, call: Call) -> Iterable[tuple[Outcome, Hashable]]:
        items, unfinished, shut = state
        kwargs = dict(call.kwargs)
        waits = kwargs.get("block", True) and kwargs.get("timeout") is None
        result = getattr(self, str(call.function))(items, unfinished, shut, waits, *call.args)
        return [] if result is None else [result]

    def get(self, items: Any, unfinished: int, shut: bool, waits: bool) -> Any:
        if items:
            return Outcome(items[0]), (items[1:], unfinished, shut)
        if shut:
            return Outcome(raised=ShutDown), (items, unfinished, shut)
        return None if waits else (Outcome(raised=Empty), (items, unfinished, shut))

    def put(self, items: Any, unfinished: int, shut: bool, waits: bool, item: Any) -> Any:
        if shut:
            return Outcome(raised=ShutDown), (items, unfinished, shut)
        if len(items) < self.maxsize:
            new = (item, *items) if self.lifo else (*items, item)
            if self.priority:
                new = tuple(sorted(new))
            return Outcome(None), (new, unfinished + 1, shut)
        if self.overflow == "drop_oldest":
            return Outcome(None), ((*items[1:], item), max(unfinished - 1, 0) + 1, shut)
        return None if waits else (Outcome(raised=Full), (items, unfinished, shut))

    def put_many(self, items: Any, unfinished: int, shut: bool, waits: bool, new: Any) -> Any:
        """One that does not wait."""
        state: tuple[Any, int, bool] = items, unfinished, shut
        done = 0
        for item in new:
            outcome, after = self.put(state[0], state[1], state[2], waits, item)
            if outcome.raised is not None:
                return (Outcome(done), state) if done else (outcome, state)
            state, done = after, done + 1
        return Outcome(done), state

    def put_nowait(self, items: Any, unfinished: int, shut: bool, _: bool, item: Any) -> Any:
        return self.put(items, unfinished, shut, False, item)

    def get_nowait(self, items: Any, unfinished: int, shut: bool, _: bool) -> Any:
        return self.get(items, unfinished, shut, False)

    def get_many(self, items: Any, unfinished: int, shut: bool, waits: bool, most: int) -> Any:
        if not items:
            return self.get(items, unfinished, shut, waits)
        return Outcome(plain(list(items[:most]))), (items[most:], unfinished, shut)

    def drain(self, items: Any, unfinished: int, shut: bool, _: bool) -> Any:
        return Outcome(plain(list(items))), ((), unfinished, shut)

    def peek(self, items: Any, unfinished: int, shut: bool, _: bool) -> Any:
        if items:
            return Outcome(items[0]), (items, unfinished, shut)
        return Outcome(raised=ShutDown if shut else Empty), (items, unfinished, shut)

    def qsize(self, items: Any, unfinished: int, shut: bool, _: bool) -> Any:
        return Outcome(len(items)), (items, unfinished, shut)

    def task_done(self, items: Any, unfinished: int, shut: bool, _: bool) -> Any:
        return Outcome(None) if unfinished else Outcome(raised=ValueError), (items, max(unfinished - 1, 0), shut)

    def join(self, items: Any, unfinished: int, shut: bool, _: bool) -> Any:
        return None if unfinished else (Outcome(None), (items, unfinished, shut))

    def shutdown(self, items: Any, unfinished: int, shut: bool, _: bool, immediate: bool = False) -> Any:  # noqa: ARG002
        if immediate:
            return Outcome(None), ((), max(unfinished - len(items), 0), True)
        return Outcome(None), (items, unfinished, True)


def one() -> BoundedQueue[int]:
    return BoundedQueue(1)


def two() -> BoundedQueue[int]:
    return BoundedQueue(2)


def latest() -> BoundedQueue[int]:
    return BoundedQueue(1, overflow="drop_oldest")


def stack() -> BoundedLifoQueue[int]:
    return BoundedLifoQueue(2)


def heap() -> BoundedPriorityQueue[int]:
    return BoundedPriorityQueue(2)


MODELS: dict[Callable[[], Any], Model] = {
    one: Model(1),
    two: Model(2),
    latest: Model(1, overflow="drop_oldest"),
    stack: Model(2, lifo=True),
    heap: Model(2, priority=True),
}
GET, PUT1, PUT2, PUT3 = Call("get"), Call("put", 1), Call("put", 2), Call("put", 3)
SOON, PUT_SOON = Call("get", timeout=1), Call("put", 4, timeout=1)
LOOKS = [Call("qsize"), Call("drain"), Call("task_done"), Call("task_done")]

#: Who calls what; before that, the queue has been filled.
PROGRAMS: dict[str, tuple[list[list[Call]], list[Call]]] = {
    "put get": ([[PUT1, PUT2], [GET, GET]], []),
    "two getters": ([[PUT1, PUT2], [GET], [GET]], []),
    "two putters": ([[PUT1], [PUT2], [GET, GET]], [PUT3]),
    "a get times out": ([[PUT1], [SOON], [SOON, Call("get_nowait")]], []),
    "a get times out beside another": ([[PUT1], [SOON], [SOON]], []),
    "a put times out": ([[PUT_SOON], [PUT1], [GET, GET]], [PUT3, PUT2]),
    "nobody overtakes": ([[GET, Call("put_nowait", 5)], [PUT1], [Call("get_nowait")]], [PUT2, PUT3]),
    "polls": ([[Call("put_nowait", 1), Call("get_nowait")], [Call("put_nowait", 2), Call("get_nowait")]], [PUT3]),
    "shut down, getters": ([[Call("shutdown")], [GET], [PUT1]], []),
    "shut down, two getters": ([[Call("shutdown")], [GET], [GET]], []),
    "shut down, putter": ([[Call("shutdown")], [PUT1]], [PUT2, PUT3]),
    "shut down, timed": ([[Call("shutdown")], [SOON], [PUT_SOON]], []),
    "shut down, putters": ([[Call("shutdown"), Call("get_nowait")], [PUT_SOON], [GET]], [PUT2, PUT3]),
    "shut down at once": ([[Call("shutdown", True)], [SOON, Call("task_done")], [Call("join")]], [PUT2]),
    "drain": ([[Call("drain")], [PUT1], [PUT2]], [PUT3]),
    "drain, two putters": ([[Call("drain")], [PUT1], [PUT2]], [PUT3, Call("put", 4)]),
    "get many": ([[Call("get_many", 2)], [PUT1], [PUT_SOON]], [PUT3]),
    "get many beside a get": ([[Call("get_many", 3)], [Call("get_nowait")]], [PUT3, PUT2]),
    "put many": ([[Call("put_many", (1, 2), block=False)], [Call("drain")]], []),
    "a full queue": ([[PUT1, Call("get_nowait")], [PUT2], [Call("qsize")]], [PUT3]),
    "join": ([[Call("join")], [GET, Call("task_done")], [Call("qsize")]], [PUT3]),
    "join, put": ([[Call("join")], [Call("task_done"), PUT_SOON]], [PUT3]),
    "tasks": ([[Call("task_done")], [Call("task_done"), Call("qsize")]], [PUT3, PUT2]),
    "peek": ([[Call("peek"), GET], [PUT1], [Call("peek")]], []),
}


def program(make: Callable[[], Any], name: str) -> Program[Any]:
    threads, before = PROGRAMS[name]
    return calls(make, MODELS[make], threads, before=before[: MODELS[make].maxsize], after=LOOKS)


def could_finish(make: Callable[[], Any], name: str) -> bool:
    """Whether no schedule of the program can leave a thread waiting for ever, as the model has it."""
    threads, before = PROGRAMS[name]
    model = MODELS[make]
    state = model.initial
    for call in before[: model.maxsize]:
        ((_, state),) = model.step(state, call)
    left = [(state, tuple(map(tuple, threads)))]
    seen = set()
    while left:
        state, rest = left.pop()
        if (state, rest) in seen:
            continue
        seen.add((state, rest))
        following = [
            (after, (*rest[:i], some[1:], *rest[i + 1 :]))
            for i, some in enumerate(rest)
            if some
            for _, after in model.step(state, some[0])
        ]
        if not following and any(rest):
            return False
        left += following
    return True


CASES = [(make, name) for make in MODELS for name in PROGRAMS if could_finish(make, name)]


def test_most_programs_can_be_explored() -> None:
    assert len(CASES) > 40
    assert {name for _, name in CASES} == set(PROGRAMS)


@pytest.mark.parametrize(("make", "name"), CASES, ids=[f"{make.__name__}-{name}" for make, name in CASES])
def test_answers_are_those_of_one_order(make: Callable[[], Any], name: str) -> None:
    explore(program(make, name), max_preemptions=2 if len(PROGRAMS[name][0]) == 2 else 1).require()


#: What does not wait for ever; a get that waits is given the first item of a put_many, before the others are there.
OPERATIONS = [
    *(Call("put_nowait", 1), PUT_SOON, Call("get_nowait"), SOON, Call("put_many", (1, 2), block=False), Call("drain")),
    *(Call("get_many", 2, block=False), Call("peek"), Call("qsize"), Call("task_done")),
    *(Call("shutdown"), Call("shutdown", True)),
]
IN_TWO_STEPS = (SOON, Call("put_many", (1, 2), block=False))


@pytest.mark.usefixtures("_specified_mutex")
@pytest.mark.parametrize("make", MODELS)
def test_all_pairs_of_a_queue_are_linearizable(make: Callable[[], Any], few_preemptions: int) -> None:
    model = MODELS[make]
    for start in ([PUT3, PUT2][:filled] for filled in range(model.maxsize + 1)):
        for pair in combinations_with_replacement(OPERATIONS, 2):
            if pair != IN_TWO_STEPS:
                made = calls(make, model, [[call] for call in pair], before=start, after=LOOKS)
                explore(made, max_preemptions=few_preemptions).require()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["put get", "a get times out", "a put times out"])
def test_answers_are_those_of_one_order_between_instructions(name: str) -> None:
    threads, before = PROGRAMS[name]
    made = calls(one, MODELS[one], threads, before=before[:1], after=LOOKS, instructions_of=[_queue])
    explore(made, max_preemptions=1).require()


IN_A_SECTION = (
    "settle settled serve_getter serve_putter rewatch inherit enlist unlist forgo size room store next_item give_back "
    "emptied contents heap_put heap_take notify fill overflowing oldest_of refuse_to_wait"
).split()


@pytest.mark.parametrize("kind", [BoundedQueue, BoundedLifoQueue, BoundedPriorityQueue])
def test_the_storage_is_only_touched_in_a_section(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between lock operations the explorer does not look: so the storage itself asserts that the mutex is held."""
    touched: set[str] = set()

    def guarded(name: str, inner: Callable[..., Any]) -> Callable[..., Any]:
        def outer(first: Any, *args: Any) -> Any:
            touched.add(name)
            q = first if isinstance(first, _queue.Bounded) else next(q for q in known if q.queue is first)
            assert _queue.held_by_us(q), f"{name} outside a section"
            return inner(first, *args)

        return outer

    for name in [*IN_A_SECTION, "line_put", "line_take", "line_len"]:
        monkeypatch.setattr(_queue, name, guarded(name, getattr(_queue, name)))
    q, other = kind.__new__(kind), kind.__new__(kind)
    known = [q, other]  # before their storage is made
    kind.__init__(q, 2)
    kind.__init__(other, 1, overflow="drop_newest")
    q.put(1)
    q.put_nowait(2)
    puts: list[Callable[[], Any]] = [
        lambda: q.put(3, timeout=0),
        lambda: q.put_many([3], block=False),
        lambda: q.put_nowait(3),
    ]
    for call in puts:
        with pytest.raises(Full):
            call()
    assert q.qsize() == 2
    assert q.full()
    assert not q.empty()
    q.snapshot()
    q.peek()
    q.get()
    q.get_many(2)
    q.put_many([4, 5, 6], timeout=0)
    other.put_many([7, 8])
    other.put(9)
    assert select(other, q) == (other, 7)
    q.drain()
    gets: list[Callable[[], Any]] = [
        lambda: q.get(timeout=0),
        lambda: select(q, other, timeout=0.001),
        lambda: q.get_many(1, timeout=0),
    ]
    for call in gets:
        with pytest.raises(Empty):
            call()
    for _ in range(4):
        q.task_done()
    q.join()
    q.not_empty  # noqa: B018
    q.put(1)
    q.maxsize = 1
    q.unfinished_tasks = 1
    with q.mutex:
        q.queue.clear()
    q.shutdown(immediate=True)
    assert touched >= {*IN_A_SECTION} - {"serve_getter", "serve_putter", "forgo", "give_back", "oldest_of"} - (
        set() if kind is BoundedPriorityQueue else {"heap_put", "heap_take"}
    )


class Line:
    """A queue, and who got what."""

    def __init__(self) -> None:
        self.q: BoundedQueue[int] = BoundedQueue(1)
        self.other: BoundedQueue[int] = BoundedQueue(1)
        self.got: list[int] = []
        self.put: list[int] = []
        self.turns: list[str] = []

    def get(self) -> None:
        self.got.append(self.q.get())

    def get_soon(self) -> None:
        with suppress(Empty):
            self.got.append(self.q.get(timeout=1))

    def get_many_soon(self) -> None:
        with suppress(Empty):
            self.got += self.q.get_many(2, timeout=1)

    def put_one(self) -> None:
        self.try_put(1)

    def put_two(self) -> None:
        self.try_put(2)

    def put_other(self) -> None:
        self.other.put(3)
        self.put.append(3)

    def try_put(self, item: int) -> None:
        try:
            self.q.put(item, timeout=1)
        except Full:
            return
        self.put.append(item)

    def select(self) -> None:
        self.got.append(select(self.q, self.other)[1])

    def select_soon(self) -> None:
        with suppress(Empty):
            self.got.append(select(self.q, self.other, timeout=1)[1])

    def shut(self) -> None:
        self.other.shutdown()

    def check(self) -> None:
        """Every item was delivered once or is still there, and nobody is left in a line."""
        assert waiting(self.q) == waiting(self.other) == (0, 0, 0)
        assert sorted(self.got + self.q.drain() + self.other.drain()) == sorted(self.put)

    def check_interrupted(self) -> None:
        """As check, but an interrupted put may have put its item."""
        assert waiting(self.q) == waiting(self.other) == (0, 0, 0)
        found = sorted(self.got + self.q.drain() + self.other.drain())
        assert set(self.put) <= set(found) <= {1, 2, 3}
        assert len(found) == len(set(found))


def line(threads: str, check: Callable[[Line], None] = Line.check, **options: Any) -> Program[Line]:
    return Program(setup=Line, threads=[getattr(Line, name) for name in threads.split()], check=check, **options)


@pytest.mark.parametrize(
    "threads",
    [
        "select put_one put_other",
        "select_soon put_one put_other",
        "select_soon select_soon put_one",
        "select put_one shut",
    ],
)
def test_select_takes_one_item_whoever_comes_first(threads: str) -> None:
    explore(line(threads), max_preemptions=1).require()


@pytest.mark.parametrize(
    "threads",
    [
        "get_soon get_soon put_one",
        "get_soon put_one put_two",
        "select_soon put_one get_soon",
        "select_soon put_other put_one",
    ],
)
def test_an_interrupted_wait_hands_its_turn_on(threads: str) -> None:
    explore(line(threads, Line.check_interrupted, interrupts=1), max_preemptions=1).require()


def test_an_interrupted_second_step_gives_back_what_came_in_the_first() -> None:
    threads = "get_many_soon put_one put_two"
    explore(line(threads, Line.check_interrupted, interrupts=1), max_preemptions=2).require()


@pytest.fixture
def _arrivals(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The waiters of a run, in the order in which they came to their line."""
    arrived: list[Any] = []
    enlist: Callable[[Any, Any], None] = _queue.enlist

    def noted(q: Any, w: Any) -> None:
        arrived.append(w)
        enlist(q, w)

    monkeypatch.setattr(_queue, "enlist", noted)
    return arrived


def test_gets_are_served_in_order_under_every_schedule(_arrivals: list[Any]) -> None:  # noqa: PT019
    def setup() -> BoundedQueue[int]:
        _arrivals.clear()
        return BoundedQueue(1)

    def put(q: BoundedQueue[int]) -> None:
        q.put(1)
        q.put(2)

    def check(_: BoundedQueue[int]) -> None:
        served = [w.item for w in _arrivals if w.role == _queue.GET]
        assert served == sorted(served)
        seen.append(len(served))

    seen: list[int] = []
    gets: list[Callable[[BoundedQueue[int]], object]] = [BoundedQueue.get, BoundedQueue.get]
    explore(Program(setup=setup, threads=[*gets, put], check=check), max_preemptions=1).require()
    assert max(seen) == 2


def test_puts_are_served_in_order_under_every_schedule(_arrivals: list[Any]) -> None:  # noqa: PT019
    def setup() -> BoundedQueue[int]:
        _arrivals.clear()
        q: BoundedQueue[int] = BoundedQueue(1)
        q.put(0)
        return q

    def put(item: int, q: BoundedQueue[int]) -> None:
        q.put(item)

    def take(q: BoundedQueue[int]) -> None:
        taken[:] = [q.get() for _ in range(3)]

    def check(_: BoundedQueue[int]) -> None:
        waited = [w.item for w in _arrivals if w.role == _queue.PUT]
        assert [item for item in taken if item in waited] == waited
        seen.append(len(waited))

    seen: list[int] = []
    taken: list[int] = []
    explore(
        Program(setup=setup, threads=[partial(put, 1), partial(put, 2), take], check=check), max_preemptions=1
    ).require()
    assert max(seen) == 2


def test_who_wakes_too_early_waits_on_in_its_place(_arrivals: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: PT019
    """As the main thread does now and then, to look for signals."""
    rest_of = _queue.rest_of

    def rest(end: float | None) -> float:
        longest = rest_of(end)
        return _queue.AGAIN if longest < 0 else min(longest, _queue.AGAIN)

    def setup() -> BoundedQueue[int]:
        _arrivals.clear()
        got.clear()
        return BoundedQueue(2)

    def get(q: BoundedQueue[int]) -> None:
        got.append(q.get())

    def put(q: BoundedQueue[int]) -> None:
        q.put(1)
        q.put(2)

    def check(_: BoundedQueue[int]) -> None:
        assert sorted(got) == [1, 2]
        served = {w.ticket: w.item for w in _arrivals}
        assert [served[ticket] for ticket in sorted(served)] == sorted(served.values())
        woken_too_early.append(len(_arrivals) > len(served))

    got: list[int] = []
    woken_too_early: list[bool] = []
    monkeypatch.setattr(_queue, "rest_of", rest)
    program = Program(setup=setup, threads=[get, get, put], check=check, early_timeouts=1)
    explore(program, max_preemptions=1).require()
    assert any(woken_too_early)
