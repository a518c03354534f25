"""Promise 4: copying is atomic, by every idiom that people use.

LOCKEDCONTAINERS_COPIES=1000000 makes the copies against a writer that many for each class (`make torture`).
"""

from __future__ import annotations

import gc
import os
import threading
import weakref
from typing import Any

import pytest

from .kinds import KINDS, Kind, Pause
from .threads import MOMENT, Background, elsewhere, outcome_of

COPIES = int(os.environ.get("LOCKEDCONTAINERS_COPIES", "3000"))

each_copy = pytest.mark.parametrize(
    ("kind", "idiom"), [pytest.param(kind, idiom, id=f"{kind.name}-{idiom}") for kind in KINDS for idiom in kind.copies]
)


@pytest.mark.usefixtures("switch_interval")
@each_copy
def test_copies_against_a_writer_are_whole(kind: Kind, idiom: str) -> None:
    twin, make_copy = kind.make(kind.numbered(0, None)), kind.copies[idiom]
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            kind.renumber(twin, number)

    writer = Background(write)
    try:
        for _ in range(max(COPIES // len(kind.copies), 1)):
            kind.check_numbers(make_copy(twin))
    finally:
        stop.set()
        writer.result()


@each_copy
def test_a_copy_is_of_one_moment_wherever_a_writer_comes_between(kind: Kind, idiom: str) -> None:
    """Another thread changes everything when the copying code hashes or compares for the first time, the second, ..."""
    make_copy = kind.copies[idiom]
    at, came_between = 1, True
    while came_between:
        others: list[Background] = []

        def intrude(others: list[Background] = others) -> None:
            others.append(Background(lambda: kind.renumber(twin, 7)))  # noqa: B023
            others[0].is_done(MOMENT)

        pause = Pause()
        twin = kind.make(kind.numbered(5, lambda: pause()))  # noqa: B023, PLW0108
        pause = Pause(at, intrude)
        copied = make_copy(twin)
        pause = Pause()
        came_between = bool(others)
        if came_between:
            others[0].result()
        kind.check_numbers(copied)
        assert kind.state(twin)
        at += 5


class Value:
    """A value that can be watched."""


@each_copy
def test_no_snapshot_is_left_behind(kind: Kind, idiom: str) -> None:
    value = Value()
    watched = weakref.ref(value)
    twin = kind.make(kind.holding(value))
    copied = outcome_of(lambda: kind.copies[idiom](twin))  # json cannot
    del value, copied
    assert watched() is not None
    elsewhere(twin.clear)
    if watched() is not None:
        gc.collect()
    assert watched() is None


@each_copy
def test_a_copy_that_fails_half_way_disturbs_nothing_that_comes_after(kind: Kind, idiom: str) -> None:
    make_copy = kind.copies[idiom]

    def fail() -> None:
        raise ZeroDivisionError

    at, failed = 1, True
    while failed:
        pause = Pause()
        twin = kind.make(kind.numbered(5, lambda: pause()))  # noqa: B023, PLW0108
        pause = Pause(at, fail)
        failed = outcome_of(lambda: make_copy(twin)) == ("raised", ZeroDivisionError)  # noqa: B023
        pause = Pause()
        elsewhere(lambda: kind.renumber(twin, 7))  # noqa: B023
        again = make_copy(twin)
        kind.check_numbers(again)
        assert again == make_copy(twin)
        kind.renumber(twin, 8)
        assert make_copy(twin) != again
        at += 5


@each_copy
def test_code_that_runs_within_a_copy_sees_the_container_as_it_is(kind: Kind, idiom: str) -> None:
    """The key's hash, while the copy is being made, changes the container and then copies it too."""
    make_copy = kind.copies[idiom]
    at, came_between = 1, True
    while came_between:
        inner: list[Any] = []

        def intrude(inner: list[Any] = inner) -> None:
            kind.renumber(twin, 7)  # noqa: B023
            inner.append(make_copy(twin))  # noqa: B023

        pause = Pause()
        twin = kind.make(kind.numbered(5, lambda: pause()))  # noqa: B023, PLW0108
        pause = Pause(at, intrude)
        copied = make_copy(twin)
        pause = Pause()
        kind.check_numbers(copied)
        came_between = bool(inner)
        if came_between:
            kind.check_numbers(inner[0])
            assert inner[0] == make_copy(twin)
        at += 5
