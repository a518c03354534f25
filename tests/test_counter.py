"""What is particular to LockedCounter: ``c[key] += n`` as one step and its limits, and the algebra of counters.

LOCKEDCONTAINERS_COUNTS says how often each of eight threads adds in the test of exactness.
"""

from __future__ import annotations

import _thread
import asyncio
import collections
import copy
import gc
import itertools
import math
import operator
import os
import pickle
import random
import subprocess
import sys
import textwrap
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import Any

import pytest

from lockedcontainers import ABSENT, LockedCounter, LockedDict, _counter, _dict, is_compiled
from lockedcontainers.testing import COUNTER, Call, calls, explore, explore_pairs

COUNTS = int(os.environ.get("LOCKEDCONTAINERS_COUNTS", "5000" if is_compiled else "2000"))
THREADS = 8
PATIENCE = 30
OPERATORS: Mapping[str, Callable[..., Any]] = vars(operator)


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
        thread.join(600)
        assert not thread.is_alive()
    assert not raised, raised


# --- Exactness -------------------------------------------------------------------------------------------------


def one(_: object) -> int:
    return 1


ADDING: dict[str, tuple[str, int]] = {
    "constant": ("c['x'] += 1", 1),
    "variable": ("c[key] += n", 3),
    "call": ("c[key] += one(n)", 1),
    "subtraction": ("c[key] -= n", -3),
    "to and fro": ("c[key] += n; c[key] -= 2", 1),
    "increment": ("c.increment(key, n)", 3),
    "update": ("c.update(x=1)", 1),
    "others too": ("c[key] += 1; c[i % 7] += 1; c[i % 7] -= 1", 1),
}


@pytest.mark.usefixtures("switch_interval")
@pytest.mark.parametrize("name", ADDING)
def test_nothing_is_lost(name: str) -> None:
    """From a key that is missing, from eight threads."""
    statement, each = ADDING[name]
    body = textwrap.indent(statement.replace("; ", "\n"), " " * 8)
    scope: dict[str, Any] = {"one": one}
    exec(f"def add(c, times, n, key):\n    for i in range(times):\n{body}", scope)
    c: LockedCounter[Any] = LockedCounter()
    run_all(*[lambda: scope["add"](c, COUNTS, 3, "x")] * THREADS)
    assert c["x"] == each * COUNTS * THREADS
    assert type(c["x"]) is int
    assert not any(c[i] for i in range(7))


@pytest.mark.usefixtures("switch_interval")
def test_floats_lose_nothing() -> None:
    c: LockedCounter[Any] = LockedCounter()

    def add() -> None:
        for _ in range(COUNTS):
            c["x"] += one(0) / 2  # type: ignore[assignment]  # pyright: ignore[reportArgumentType]

    run_all(*[add] * THREADS)
    assert c["x"] == COUNTS * THREADS / 2


@pytest.mark.usefixtures("switch_interval")
def test_big_counts_lose_nothing() -> None:
    c: LockedCounter[str] = LockedCounter(x=2**64)

    def add() -> None:
        for _ in range(COUNTS):
            c["x"] += 2**70 * one(0)

    run_all(*[add] * THREADS)
    assert c["x"] == 2**64 + 2**70 * COUNTS * THREADS


@pytest.mark.usefixtures("switch_interval")
def test_counts_are_unique() -> None:
    c: LockedCounter[str] = LockedCounter()
    seen: list[list[int]] = [[] for _ in range(THREADS)]

    def count(mine: list[int]) -> None:
        mine.extend(c.increment("x") for _ in range(COUNTS))

    run_all(*[partial(count, mine) for mine in seen])
    assert sorted(itertools.chain(*seen)) == list(range(1, COUNTS * THREADS + 1))


@pytest.mark.usefixtures("switch_interval")
def test_drains_add_up() -> None:
    """What is added is in one drain, also if the drain falls between the read and the write."""
    c: LockedCounter[str] = LockedCounter()
    drained: Counter[str] = Counter()
    done = threading.Event()

    def add() -> None:
        for _ in range(COUNTS):
            c["x"] += one(0)
            c["y"] += one(0)

    def drain() -> None:
        while not done.is_set():
            drained.update(c.drain())

    drainer = threading.Thread(target=drain)
    drainer.start()
    run_all(*[add] * 3)
    done.set()
    drainer.join()
    drained.update(c.drain())
    assert drained == Counter(x=3 * COUNTS, y=3 * COUNTS)


# --- What is recognized ----------------------------------------------------------------------------------------
#
# Each of these lets another thread add 100 between the read and the write of `c["x"] += 1`: 101 is right, and 1 is what
# an ordinary counter would have.


class Meanwhile:
    """Called between a read and a write, it has another thread add to the same count; it returns *n*."""

    def __init__(self, c: Any) -> None:
        self.c = c

    def __call__(self, n: Any) -> Any:
        run_all(self.add)
        return n

    def add(self) -> None:
        self.c["x"] += 100


RECOGNIZED = {
    "call": "c['x'] += meanwhile(1)",
    "subtraction": "c['x'] -= meanwhile(-1)",
    "present": "c['x'] = 5\nc['x'] += meanwhile(-4)",
    "attribute": "class Holder: pass\nholder = Holder()\nholder.c = c\nholder.c['x'] += meanwhile(1)",
    "element": "cs = [c]\ncs[0]['x'] += meanwhile(1)",
    "value": "d = {'c': c}\nd['c']['x'] += meanwhile(1)",
    "computed key": "c['x'.lower()] += meanwhile(1)",
    "conditional": "c['x'] += meanwhile(1) if len(c) < 9 else meanwhile(2)",
    "conditional else": "c['x'] += meanwhile(2) if len(c) > 9 else meanwhile(1)",
    "and or": "c['x'] += meanwhile(0) or 1",
    "comprehension": "c['x'] += sum([meanwhile(i) for i in (1,)])",
    "generator expression": "c['x'] += sum(meanwhile(i) for i in (1,))",
    "lambda": "c['x'] += (lambda: meanwhile(1))()",
    "walrus": "c['x'] += (n := meanwhile(1))",
    "f-string": "c['x'] += len(f'{meanwhile(1)}')",
    "reads another": "c['y'] = 0\nc['x'] += c['y'] + meanwhile(1)",
    "reads itself": "c['x'] += c['x'] + meanwhile(1)",
    "other statements": "c['x'] += 0; c['y'] -= 1; c['x'] += meanwhile(1)",
    "several lines": "c[\n'x'\n] += (\n\nmeanwhile(\n1\n)\n\n)",
    "loop": "for i in range(2):\n    c['x'] += meanwhile(1) - 50 if i else 50",
    "while": "while not c['x']:\n    c['x'] += meanwhile(1)",
    "with": "with c.locked(timeout=5):\n    pass\nc['x'] += meanwhile(1)",
    "try": "try:\n    c['x'] += meanwhile(1)\nfinally:\n    c['z'] = 0",
    "after an exception": "try:\n    c['x'] += 1 / 0\nexcept ZeroDivisionError:\n    c['x'] += meanwhile(1)",
    "another after an exception": (
        "try:\n    c['y'] += meanwhile(1) / 0\nexcept ZeroDivisionError:\n    c['x'] -= 100\nc['x'] += meanwhile(1)"
    ),
    "inside another": "def f():\n    c['x'] += 1\n    return 0\nc['x'] += f()\nc['x'] += meanwhile(0)",
    "class body": "class Body:\n    c['x'] += meanwhile(1)",
    "match": "match 1:\n    case n:\n        c['x'] += meanwhile(n)",
    "unpacking": "c['x'] += max(*[0, meanwhile(1)])",
    "other operator": "c['x'] += 1\nc['x'] *= 1\nc['x'] += meanwhile(0)",
    "setting between": "c['x'] += meanwhile(c.__setitem__('y', 1) or 1)",
    "operator": "c['x'] += meanwhile(3) - 4 // 2",
    "exec": "exec(\"c['x'] += meanwhile(1)\")",
    "eval": "c['x'] += eval('meanwhile(1)')",
    "function": "def f(n):\n    c['x'] += meanwhile(n)\nf(1)",
    "closure": "def f(n):\n    k = 'x'\n    def g():\n        c[k] += meanwhile(n)\n    g()\nf(1)",
    "method": "class A:\n    def __init__(self):\n        self.c = c\n        self.c['x'] += meanwhile(1)\nA()",
    "generator": "def f():\n    c['x'] += meanwhile(1)\n    yield\nlist(f())",
    "yield": "def f():\n    c['x'] += yield\ng = f()\nnext(g)\nmeanwhile(0)\nlist(sent(g, 1))",
    "yield, in another thread": (
        "def f():\n    c['x'] += yield\ng = f()\nnext(g)\nmeanwhile(0)\nrun_all(lambda: list(sent(g, 1)))"
    ),
    "yield from": (
        "def f():\n    c['x'] += yield from h()\ndef h():\n    return meanwhile((yield))\n"
        "g = f()\nnext(g)\nlist(sent(g, 1))"
    ),
    "await": (
        "async def f():\n    c['x'] += await h()\n"
        "async def h():\n    await asyncio.sleep(0)\n    return meanwhile(1)\nasyncio.run(f())"
    ),
    "tasks": (
        "async def f(n):\n    c['x'] += await h(n)\n"
        "async def h(n):\n    await asyncio.sleep(0)\n    return n\n"
        "async def main():\n    await asyncio.gather(f(1), f(40), f(60))\nasyncio.run(main())"
    ),
    "abandoned tasks": (
        "async def f(n):\n    c['x'] += await h(n)\n"
        "async def h(n):\n    await asyncio.sleep(0)\n    return 1 / 0 if n == 7 else n\n"
        "async def main():\n    await asyncio.gather(f(7), f(40), f(7), f(61), f(7), return_exceptions=True)\n"
        "asyncio.run(main())"
    ),
}


def sent(generator: Any, value: Any) -> Iterator[Any]:
    with suppress(StopIteration):
        yield generator.send(value)


def scope_for(c: Any) -> dict[str, Any]:
    names = {"c": c, "meanwhile": Meanwhile(c), "one": one, "sent": sent, "run_all": run_all, "asyncio": asyncio}
    return {**names, "__name__": "scope"}


def run_as(place: str, source: str, c: Any) -> None:
    """Run *source* as a module, or in a function."""
    scope = scope_for(c)
    if place == "function":
        source = f"def run(c, meanwhile):\n{textwrap.indent(source, '    ')}\n"
    exec(compile(source, place, "exec"), scope)
    if place == "function":
        scope["run"](c, scope["meanwhile"])


@pytest.mark.parametrize("place", ["module", "function"])
@pytest.mark.parametrize("name", RECOGNIZED)
def test_recognized(name: str, place: str) -> None:
    if (name, place) == ("exec", "function") and sys.version_info >= (3, 13):
        pytest.skip("exec has its own copy of the locals")
    c = LockedCounter()  # type: ignore[var-annotated]
    run_as(place, RECOGNIZED[name], c)
    assert c["x"] == 101


@pytest.mark.parametrize("name", RECOGNIZED)
def test_recognized_while_traced(name: str) -> None:
    if name == "yield, in another thread" and sys.version_info[:2] == (3, 12):
        pytest.skip("CPython 3.12 crashes, with a plain Counter too")

    def trace(frame: FrameType, _event: str, _argument: object) -> Any:
        frame.f_trace_opcodes = True
        return trace

    before = sys.gettrace()
    c = LockedCounter()  # type: ignore[var-annotated]
    sys.settrace(trace)
    try:
        run_as("module", RECOGNIZED[name], c)
    finally:
        sys.settrace(before)
    assert c["x"] == 101


def ignore(*_: object) -> None:
    pass


@pytest.mark.skipif(not hasattr(sys, "monitoring"), reason="CPython 3.12 began with it")
@pytest.mark.parametrize("name", RECOGNIZED)
def test_recognized_while_monitored(name: str) -> None:
    """As coverage does, but with every event."""
    monitoring: Any = vars(sys)["monitoring"]
    events = monitoring.events
    tool = 4
    c: LockedCounter[str] = LockedCounter()
    monitoring.use_tool_id(tool, "test")
    try:
        for event in (events.LINE, events.INSTRUCTION, events.CALL, events.JUMP, events.PY_START, events.PY_RETURN):
            monitoring.register_callback(tool, event, ignore)
        monitoring.set_events(
            tool,
            events.LINE | events.INSTRUCTION | events.CALL | events.JUMP | events.PY_START | events.PY_RETURN,
        )
        run_as("module", RECOGNIZED[name], c)
    finally:
        monitoring.set_events(tool, 0)
        monitoring.free_tool_id(tool)
    assert c["x"] == 101


@pytest.mark.parametrize("place", ["module", "function"])
def test_recognized_in_code_with_long_arguments(place: str) -> None:
    """More names and constants than fit into the argument of one instruction, and jumps that are long."""
    many = "\n".join(f"name{i} = {i} + {i}.5; c['z{i}'] = name{i}" for i in range(600))
    last = "c['x'] += meanwhile(1) if name7 else name8\ndel c['z1']"
    body = textwrap.indent(f"{many}\n{last}", "    ")
    source = f"for _ in range(1):\n{body}"
    c = LockedCounter()  # type: ignore[var-annotated]
    run_as(place, source, c)
    assert c["x"] == 101


def test_recognized_once_it_is_specialized() -> None:
    """After many turns CPython has put other instructions in the place of those that the compiler made."""
    c: LockedCounter[str] = LockedCounter()
    meanwhile = Meanwhile(c)
    for i in range(3000):
        c["x"] += meanwhile(1) if i % 1000 == 999 else 1
    assert c["x"] == 3300


def test_recognized_at_every_depth() -> None:
    c: LockedCounter[str] = LockedCounter()

    def add(depth: int) -> int:
        if depth:
            c["x"] += add(depth - 1)
        return 1

    add(200)
    assert c["x"] == 200


def test_recognized_with_two_counters_at_once() -> None:
    a: LockedCounter[str] = LockedCounter()
    b: LockedCounter[str] = LockedCounter()

    def add_both(n: int) -> int:
        a["x"] += 1
        b["x"] += 10
        return n

    for c in (a, b, a, b):
        c["x"] += add_both(100)
    assert (a["x"], b["x"]) == (204, 240)


def test_key_is_hashed_as_often_as_a_dict_does() -> None:
    """An equal key that is another object is a key of the same name."""

    class Key:
        def __init__(self, name: str) -> None:
            self.name = name

        def __hash__(self) -> int:
            return hash(self.name)

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Key) and other.name == self.name

    c: LockedCounter[Key] = LockedCounter()

    def add_equal(n: int) -> int:
        c[Key("x")] += 100
        return n

    c[Key("x")] += add_equal(1)
    assert c[Key("x")] == 101


# --- Where the recognition ends --------------------------------------------------------------------------------
#
# Here 100 is added between two steps too, and what is left is what an ordinary counter has.

TWO_STEPS = {
    "written out": "c['x'] = c['x'] + meanwhile(1)",
    "by way of a variable": "n = c['x']\nn += meanwhile(1)\nc['x'] = n",
    "carried to another key": "c['y'] = c['x'] + meanwhile(1)",
    "multiplication": "c['x'] = 2\nc['x'] *= meanwhile(3)",
    "power": "c['x'] = 2\nc['x'] **= meanwhile(3)",
    "or": "c['x'] |= meanwhile(8)",
    "called by name": "c.__setitem__('x', c['x'] + meanwhile(1))",
    "both called by name": "c.__setitem__('x', c.__getitem__('x') + meanwhile(1))",
    "read by get": "c['x'] = c.get('x', 0) + meanwhile(1)",
    "operator": "import operator\nc['x'] = operator.iadd(c['x'], meanwhile(1))",
    "another number": "from fractions import Fraction\nc['x'] = Fraction(1, 2)\nc['x'] += meanwhile(1)",
    "becomes another number": "from fractions import Fraction\nc['x'] += meanwhile(Fraction(1, 2))",
    "bool": "c['x'] = True\nc['x'] += meanwhile(1)",
    "list": "c['x'] = [1]\nc['x'] += wrapped(meanwhile(1))",
    "stored twice": "c['y'] = c['x'] = c['x'] + meanwhile(1)",
    "after an exception": "try:\n    c['x'] += 1 / 0\nexcept ZeroDivisionError:\n    meanwhile(0)\n    c['x'] = 5",
    "loop": "for c['x'] in [c['x'] + meanwhile(1)]:\n    pass",
    "unpacked": "c['x'], c['y'] = c['x'] + meanwhile(1), 2",
    "walrus": "n = (m := c['x']) + meanwhile(1)\nc['x'] = n",
}


class PlainMeanwhile(Meanwhile):
    """As Meanwhile, where adding to a number is no step of a counter's."""

    def add(self) -> None:
        if isinstance(self.c["x"], list):
            self.c["x"] = [7]
        else:
            self.c["x"] = self.c["x"] + 100


def wrapped(n: object) -> list[object]:
    return [n]


@pytest.mark.parametrize("name", TWO_STEPS)
def test_two_steps(name: str) -> None:
    ours: LockedCounter[str] = LockedCounter()
    plain: Counter[str] = Counter()
    for c in (ours, plain):
        exec(TWO_STEPS[name], {"c": c, "meanwhile": PlainMeanwhile(c), "wrapped": wrapped})
    assert dict(ours) == dict(plain)


def test_a_count_is_an_int() -> None:
    """Where it was read does not stay with it."""
    c = LockedCounter(x=5)
    other = LockedCounter(x=1)
    c["x"] += 2
    count = c["x"]
    assert type(count) is int
    c["y"] = c["z"] = count
    other["x"] = count
    stored = {count: "seven"}
    assert (c["y"], c["z"], other["x"], stored[7], pickle.loads(pickle.dumps(count))) == (7, 7, 7, "seven", 7)
    c["x"] += 1
    assert (c["y"], c["z"], other["x"], count) == (7, 7, 7, 7)


RESETS: dict[str, tuple[Callable[[Any], object], int]] = {
    "clear": (lambda c: c.clear(), 1),
    "pop": (lambda c: c.pop("x"), 1),
    "drain": (lambda c: c.drain(), 1),
    "del": (lambda c: operator.delitem(c, "x"), 1),
    "to 0": (lambda c: operator.setitem(c, "x", 0), 1),
    "to -10": (lambda c: operator.setitem(c, "x", -10), -9),
}


@pytest.mark.parametrize("name", RESETS)
def test_other_threads_reset_counts(name: str) -> None:
    """As if the reset had come before the addition."""
    reset, expected = RESETS[name]
    c = LockedCounter(x=1000)

    def meanwhile() -> int:
        run_all(lambda: reset(c))
        return 1

    c["x"] += meanwhile()
    assert dict(c) == {"x": expected}


@pytest.mark.parametrize(
    ("before", "between", "after"),
    [(1, "text", 2), (1, None, 2), (math.inf, math.inf, math.inf), (1, math.inf, math.inf)],
)
def test_reset_to_what_is_no_count(before: Any, between: Any, after: Any) -> None:
    c: Any = LockedCounter({"x": before})

    def meanwhile() -> int:
        run_all(lambda: operator.setitem(c, "x", between))
        return 1

    c["x"] += meanwhile()
    assert c["x"] == after


def test_key_that_is_missing_in_a_subclass() -> None:
    class FromTen(LockedCounter[str]):
        def __missing__(self, key: str) -> int:
            return 10

    c = FromTen()
    c["x"] += 1
    assert (c["x"], c["y"]) == (11, 10)


def test_subclass_with_its_own_access() -> None:
    class Lower(LockedCounter[str]):
        def __getitem__(self, key: str) -> int:
            return super().__getitem__(key.lower())

        def __setitem__(self, key: str, value: int) -> None:
            super().__setitem__(key.lower(), value)

    c = Lower()
    c["X"] += 1
    c["x"] += 1
    assert dict(c) == {"x": 2}


def test_without_a_python_caller() -> None:
    """A thread whose first function is ours has no frame."""
    c: LockedCounter[Any] = LockedCounter(x=1)
    c["y"] += 1  # from now on a write asks who writes
    hashed = threading.Event()

    class Key:
        def __hash__(self) -> int:
            hashed.set()
            return 1

    _thread.start_new_thread(c.__getitem__, (Key(),))
    assert hashed.wait(PATIENCE)
    _thread.start_new_thread(c.__setitem__, ("z", 2))
    deadline = time.monotonic() + PATIENCE
    while "z" not in c and time.monotonic() < deadline:
        time.sleep(0.001)
    assert c == Counter(x=1, y=1, z=2)


# --- What is left behind ---------------------------------------------------------------------------------------


class Thing:
    """A key or value whose end can be seen."""

    def __radd__(self, other: object) -> Thing:
        return self


def test_abandoned_read_keeps_nothing_alive() -> None:
    c: LockedCounter[Any] = LockedCounter()
    things = [Thing() for _ in range(3)]
    c[things[0]] = things[1]  # type: ignore[assignment]  # pyright: ignore[reportArgumentType]
    gone = [weakref.ref(thing) for thing in things]

    def fail(key: Thing, local: Thing) -> None:
        c[key] += local.missing  # type: ignore[attr-defined]

    with suppress(AttributeError):
        fail(things[0], things[2])
    c.clear()
    things.clear()
    gc.collect()
    assert [ref() for ref in gone] == [None] * 3


def test_abandoned_read_misleads_nobody() -> None:
    """Frames are used again; whatever they do next is not taken for what they began before."""
    c: LockedCounter[Any] = LockedCounter(x=0)

    def act(what: int) -> None:
        if what == 0:
            with suppress(ZeroDivisionError):
                c["x"] += 1 / 0  # type: ignore[assignment]
        if what == 1:
            c["x"] = 1000
        if what == 2:
            c["x"] += 1
        if what == 3:
            c["x"] = c["x"] + 1

    chosen = random.Random(1)
    model = 0
    for _ in range(2000):
        what = chosen.randrange(4)
        act(what)
        model = 1000 if what == 1 else model + (what > 1)
        assert c["x"] == model


def test_number_of_reads_in_flight_is_bounded() -> None:
    """Of too many, the oldest become two steps, which here store 1; the others still lose nothing."""
    c: LockedCounter[str] = LockedCounter()

    def add() -> Any:
        c["x"] += yield

    most = _counter.IN_FLIGHT
    generators = [add() for _ in range(most + 50)]
    for generator in generators:
        next(generator)
    for generator in generators:
        with suppress(StopIteration):
            generator.send(1)
    assert most < c["x"] <= most + 2


def test_code_is_not_kept_alive() -> None:
    c: LockedCounter[str] = LockedCounter()
    source = "c['x'] += 1"
    code = compile(source, "short-lived", "exec")
    exec(code, {"c": c})
    gone = weakref.ref(code)
    del code
    gc.collect()
    assert gone() is None
    for i in range(300):  # at addresses that are used again and again, now for one kind of code, now for another
        exec(compile(source if i % 2 else "c['y'] = 5; c['y']; c['x'] = c['x'] + 1", f"n{i}", "exec"), {"c": c})
    assert c["x"] == 301
    known: Any = getattr(_counter, "known", {})  # compiled, it cannot be seen
    assert not [address for address, (_, reference) in known.items() if reference() is None]
    met: Any = getattr(_counter, "met", [])
    assert not [address for address, roles in met if roles and address not in known]


def test_interpreter_ends_quietly() -> None:
    source = """
        from lockedcontainers import LockedCounter
        c = LockedCounter()
        c["x"] += 1
        def f(): c["x"] += 1
        f(); f()
        exec("c['y'] -= 1")
        assert dict(c) == {"x": 3, "y": -1}
    """
    done = subprocess.run([sys.executable, "-X", "dev", "-c", textwrap.dedent(source)], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")


def test_frames_by_the_public_way_agree() -> None:
    """Whichever way frames are found, what is found in code is the same."""

    def add(c: Any, k: Any) -> None:
        c[k] += 1
        c[k] -= 1
        c[k] *= 2
        c[k] = c[k] + 1

    roles = _counter.find_roles(add.__code__)
    kinds = [role for role, _ in itertools.groupby(roles) if role]
    assert kinds == [1, 2, 1, 2, 1]  # the last read is for *=, whose write is none of ours
    assert set(_counter.find_roles(test_without_a_python_caller.__code__)) == {0, 1, 2}

    def multiply(c: Any, k: Any) -> None:
        c[k] *= 2

    assert set(_counter.find_roles(multiply.__code__)) == {0}


# --- As a Counter ----------------------------------------------------------------------------------------------


def test_is_a_counter() -> None:
    c: Any = LockedCounter("aab", c=4)  # type: ignore[call-overload]
    assert isinstance(c, Counter)
    assert c == Counter(a=2, b=1, c=4) == c
    assert issubclass(LockedCounter, LockedDict)


def test_missing_counts_are_zero() -> None:
    c: LockedCounter[str] = LockedCounter()
    assert c["x"] == 0
    assert "x" not in c
    del c["x"]
    assert c.increment("x") == 1
    assert c.decrement("x", 3) == -2
    assert c.merge("x", 5, operator.add) == 3
    assert c.compute_if_absent("y", lambda: 9) == 9
    assert c.compare_and_set("z", ABSENT, 1)
    with pytest.raises(TypeError):
        c[[]]  # type: ignore[index]
    with pytest.raises(TypeError):
        c.increment("x", "y")  # type: ignore[arg-type]
    with pytest.raises(NotImplementedError):
        LockedCounter.fromkeys("ab")


def counters() -> Iterator[tuple[Counter[str], Counter[str]]]:
    chosen = random.Random(2)

    def one_more() -> Counter[str]:
        return Counter({key: chosen.randint(-2, 3) for key in chosen.sample("abcdef", chosen.randrange(5))})

    for _ in range(60):
        yield one_more(), one_more()


@pytest.mark.parametrize("name", "add sub and_ or_ eq ne lt le gt ge iadd isub iand ior".split())
def test_operators(name: str) -> None:
    by = OPERATORS[name]
    for p, q in counters():
        expected = by(Counter(p), Counter(q))
        left, right = LockedCounter(p), LockedCounter(q)
        for result in (by(LockedCounter(p), right), by(LockedCounter(p), Counter(q))):
            assert result == expected
            if isinstance(expected, bool):
                assert result is expected
            else:
                assert list(result) == list(expected)
                assert type(result) is LockedCounter
        assert by(Counter(p), right) == expected
        assert (left, right) == (p, q)
        twice = LockedCounter(p)
        assert by(twice, twice) == by(Counter(p), Counter(p))


def test_symmetric_difference() -> None:
    for p, q in counters():
        expected = {k: abs(p[k] - q[k]) for k in [*p, *(k for k in q if k not in p)] if p[k] != q[k]}
        assert list((LockedCounter(p) ^ LockedCounter(q)).items()) == list(expected.items())
        assert Counter(p) ^ LockedCounter(q) == expected
        c = LockedCounter(p)
        assert OPERATORS["ixor"](c, LockedCounter(q)) is c
        assert c == expected


def test_unary_operators() -> None:
    for p, _ in counters():
        assert +LockedCounter(p) == +p
        assert -LockedCounter(p) == -p
        assert type(+LockedCounter(p)) is type(-LockedCounter(p)) is LockedCounter


def test_operators_with_other_types() -> None:
    c: Any = LockedCounter("aab")
    assert c.__eq__([]) is NotImplemented
    plain = {"a": 2, "b": 1}
    assert (c == plain) is (plain == c) is True
    assert (c != plain) is (plain != c) is False
    assert (c == LockedDict(a=2, b=1)) is (LockedDict(a=2, b=1) == c) is True
    for result in (c | {"a": 5}, {"a": 5} | c):
        assert type(result) is dict
    assert ({"a": 5} | c, c | {"a": 5}) == ({"a": 2, "b": 1}, {"a": 5, "b": 1})
    c += {"a": 1}
    c -= {"b": 1}
    c |= {"c": 1}
    assert c == Counter(a=3, c=1)
    for name in "add sub and_ lt le gt ge xor".split():
        for other in ({"a": 1}, {"a"}, 1, None):
            with pytest.raises(TypeError):
                OPERATORS[name](c, other)
            with pytest.raises(TypeError):
                OPERATORS[name](other, c)
    with pytest.raises(AttributeError):
        c += 1


def test_in_place_operator_that_fails_changes_nothing() -> None:
    c: Any = LockedCounter({"a": 1, "b": "text"})
    for name in ("iadd", "isub", "ior"):
        with pytest.raises(TypeError):
            OPERATORS[name](c, Counter(a=1, b=1, c=1))
        assert dict(c) == {"a": 1, "b": "text"}


def test_update_and_subtract() -> None:
    for p, q in counters():
        for name in ("update", "subtract"):
            for argument in (q, dict(q), list(q.elements()), LockedCounter(q), iter("abcab"), None):
                ours, model = LockedCounter(p), Counter(p)
                arguments = [list(argument)] * 2 if isinstance(argument, Iterator) else [argument] * 2
                getattr(ours, name)(arguments[0], a=3, z=1)
                getattr(model, name)(arguments[1], a=3, z=1)
                assert (dict(ours), list(ours)) == (dict(model), list(model))
        ours, model = LockedCounter(p), Counter(p)
        ours.update(ours)
        model.update(model)
        assert dict(ours) == dict(model)


def test_update_that_fails_adds_nothing() -> None:
    def items() -> Iterator[str]:
        yield "a"
        raise ZeroDivisionError

    c: Any = LockedCounter(a=1)
    for add in (c.update, c.subtract):
        with pytest.raises(ZeroDivisionError):
            add(items())
        with pytest.raises(TypeError):
            add({"a": 1, "b": "text"} if add == c.subtract else {"b": 1, "a": "text"})
        with pytest.raises(TypeError):
            add(["a", []])
        assert dict(c) == {"a": 1}


def test_iterable_is_counted_without_the_lock() -> None:
    c: LockedCounter[str] = LockedCounter()

    def items() -> Iterator[str]:
        yield "a"
        run_all(lambda: c.update("b"))
        assert c["a"] == 0
        yield "a"

    c.update(items())
    assert c == Counter("baa")


def test_repr() -> None:
    assert repr(LockedCounter[str]()) == "LockedCounter()"
    assert repr(LockedCounter("abb")) == "LockedCounter({'b': 2, 'a': 1})"
    c: Any = LockedCounter(a=1)
    c["b"] = "text"
    assert repr(c) == "LockedCounter({'a': 1, 'b': 'text'})"
    c["c"] = c
    assert repr(c) == "LockedCounter({'a': 1, 'b': 'text', 'c': ...})"
    assert list(LockedCounter("abb").__rich_repr__()) == [{"b": 2, "a": 1}]


class Named(LockedCounter[str]):
    """With an attribute of its own."""

    name = ""


def test_copies() -> None:
    c = Named("aab")
    c.name = "letters"
    made = [pickle.loads(pickle.dumps(c, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
    for new in (*made, copy.deepcopy(c)):
        assert type(new) is Named
        assert (new, new.name) == (c, "letters")
    for new in (c.copy(), copy.copy(c)):
        assert type(new) is Named
        assert new == c
    assert type(c.snapshot()) is Counter
    assert LockedDict(c) == LockedDict(a=2, b=1)
    assert type(c.drain()) is Counter
    assert not c


def test_an_addition_in_flight_is_not_copied() -> None:
    c = LockedCounter(x=1)
    copies: list[Any] = []

    def copy_it() -> int:
        copies.extend([c.copy(), copy.deepcopy(c), pickle.loads(pickle.dumps(c))])
        return 1

    c["x"] += copy_it()
    for new in copies:
        new["x"] += 1
        assert new == c == Counter(x=2)


# --- Several threads -------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("switch_interval")
def test_updates_from_several_threads() -> None:
    """What crashes a plain Counter without the GIL."""
    c: LockedCounter[str] = LockedCounter()
    text = "the quick brown fox jumps over the lazy dog" * 20
    times = 30 if is_compiled else 5
    run_all(*[lambda: [c.update(text) for _ in range(times)]] * 4)
    assert c == Counter(text * times * 4)


def test_the_helper_of_collections_never_sees_shared_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    """python/cpython#151633: without the GIL it crashes on a dict that other threads use."""
    count: Callable[[Any, Any], None] = vars(collections)["_count_elements"]
    counted: list[type] = []

    def watched(mapping: Any, iterable: Any) -> None:
        counted.append(mapping.__class__)
        count(mapping, iterable)

    monkeypatch.setattr(collections, "_count_elements", watched)
    c = LockedCounter("ab")
    c.update("abc")
    c.update(iter("abc"))
    c.subtract("abc")
    c += Counter("a")
    assert c == Counter("aaabbc")
    assert len(counted) >= 5
    assert set(counted) == {Counter}


@pytest.mark.usefixtures("switch_interval")
def test_readers_see_one_moment() -> None:
    """Each update adds the same to all counts."""
    keys = "abcdefgh"
    c = LockedCounter(keys)
    done = threading.Event()

    def write() -> None:
        try:
            for _ in range(COUNTS // 10):
                c.update(keys)
                assert OPERATORS["iadd"](c, Counter(keys)) is c
                c.subtract(keys)
                assert OPERATORS["isub"](c, Counter(keys)) is c
        finally:
            done.set()

    def read() -> None:
        while not done.is_set():
            assert len({count for _, count in c.most_common()}) == 1
            assert c.total() % len(keys) == 0
            assert len(set(c.values())) == 1
            assert len(set(dict(c).values())) == 1
            assert len(set((Counter[str]() + c).values())) == 1
            assert len(set((+c).values())) == 1
            assert c <= c  # noqa: PLR0124
            assert len(list(c.elements())) % len(keys) == 0

    run_all(write, read, read)


def test_crossing_operators_end() -> None:
    a, b = LockedCounter("aab"), LockedCounter("abb")

    def cross(one: LockedCounter[str], other: LockedCounter[str]) -> None:
        for _ in range(100):
            one += other
            one.update(other)
            one -= other
            one &= other
            one.subtract(other)
            assert (one <= other) in (True, False)
            assert type(one + other) is LockedCounter

    run_all(lambda: cross(a, b), lambda: cross(b, a))


# --- Every two operations --------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.usefixtures("_specified_mutex")
@pytest.mark.skipif(is_compiled, reason="only Python code can be explored")
def test_all_pairs_are_linearizable(few_preemptions: int) -> None:
    explore_pairs(
        LockedCounter,
        COUNTER.calls,
        COUNTER,
        starts=COUNTER.starts[1:],
        looks=COUNTER.looks,
        max_preemptions=few_preemptions,
    ).require()


@pytest.mark.slow
@pytest.mark.skipif(is_compiled, reason="only Python code can be explored")
def test_all_pairs_are_linearizable_between_instructions(
    few: Callable[[Sequence[Call]], Sequence[Call]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of those that add, with all others: the others among themselves are what test_dict.py explores."""

    # Where the counter remembers what it knows of a code depends on the code's address: not a program to repeat.
    def frame_at(role: int, frame: FrameType | None) -> int:
        return id(frame) if frame is not None and _counter.roles_of(frame.f_code)[frame.f_lasti // 2] == role else 0

    monkeypatch.setattr(_counter, "frame_at", frame_at)
    for call in COUNTER.calls:
        call.on(LockedCounter[str]())
    room = [_counter, _dict]
    for adding in COUNTER.calls[:3]:
        for other in few(COUNTER.calls):
            program = calls(
                LockedCounter,
                COUNTER,
                [[adding], [other]],
                before=COUNTER.starts[1],
                after=COUNTER.looks,
                instructions_of=room,
            )
            explore(program, max_preemptions=1).require()
