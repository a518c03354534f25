"""Promise 12: what is not promised is written down (docs/explanation/limits.md), and is as written."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections import ChainMap, UserDict
from collections.abc import Callable
from typing import Any

import pytest

from lockedcontainers import LockedDict, LockedSortedKeyList, LockedSortedList

from .kinds import Kind, Pause, each_kind, hooked
from .threads import Background, elsewhere, is_free, outcome_of


@each_kind
def test_the_builtins_own_methods_and_c_code_read_the_storage_without_asking(kind: Kind) -> None:
    """They neither wait nor crash; what they see is what is there in that moment."""
    twin, model = kind.filled(), kind.model_filled()
    with twin.locked():
        kind.half(twin)
        kind.half(model)
        assert elsewhere(lambda: kind.state(twin)) == kind.state(model)


def test_exec_stores_global_names_without_asking() -> None:
    scope = LockedDict(x=1)
    with scope.locked():
        elsewhere(lambda: exec("global x; x = 2", scope, {}))
        assert scope["x"] == 2


def test_an_augmented_assignment_is_two_operations() -> None:
    d = LockedDict(n=1)

    def other() -> int:
        elsewhere(lambda: d.merge("n", 10, int.__add__))
        return 1

    d["n"] += other()
    assert d["n"] == 2


def chained(d: Any) -> Any:
    return dict(ChainMap[Any, Any](d))


def unpacked(d: Any) -> Any:
    return {**d}


@pytest.mark.parametrize("make_copy", [UserDict[Any, Any], chained])
def test_a_copy_by_python_code_is_as_many_operations_as_it_has(make_copy: Callable[[Any], Any]) -> None:
    """These, as all that collections.abc.MutableMapping.update fills, read key after key in Python."""
    pause: Any = Pause()
    d = LockedDict(hooked({"a": 1, "b": 2}, lambda: pause()))  # noqa: PLW0108
    pause = Pause(1, lambda: elsewhere(d.clear))
    assert outcome_of(lambda: make_copy(d)) == ("raised", KeyError)


@pytest.mark.parametrize("make_copy", [dict[Any, Any], unpacked])
def test_a_subclass_that_defines_getitem_in_python_is_copied_by_calling_it(make_copy: Callable[[Any], Any]) -> None:
    class Reading(LockedDict[str, int]):
        def __getitem__(self, key: str) -> int:
            value = super().__getitem__(key)
            elsewhere(self.clear)
            return value

    assert outcome_of(lambda: make_copy(Reading(a=1, b=2))) == ("raised", KeyError)
    assert Reading(a=1, b=2).copy() == Reading(a=1, b=2).snapshot() == {"a": 1, "b": 2}


@each_kind
def test_tasks_of_one_thread_share_its_reentrancy(kind: Kind) -> None:
    twin, inside, most = kind.filled(), 0, 0

    async def task() -> None:
        nonlocal inside, most
        with twin.locked():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    async def main() -> None:
        await asyncio.gather(task(), task())

    asyncio.run(main())
    assert most == 2
    assert is_free(twin)


def test_a_factory_that_computes_for_its_own_key_is_an_error_where_defaultdict_recurses() -> None:
    d: LockedDict[str, int] = LockedDict()
    how, what = outcome_of(lambda: d.compute_if_absent("a", lambda: d.compute_if_absent("a", int)))
    assert (how, what.__name__) == ("raised", "DeadlockError")


def test_an_update_cannot_be_undone_where_a_key_compares_twice_and_never_again() -> None:
    """Each key is looked for before the first is stored, stored, and compared again only to put the old value back."""
    calls = Pause()
    LockedDict(a=1, b=2).update(hooked({"a": 7, "b": 8}, calls))
    left = calls.calls

    def fail() -> None:
        nonlocal left
        left -= 1
        if left < 1:
            raise ZeroDivisionError

    d = LockedDict(a=1, b=2)
    with pytest.raises(ZeroDivisionError):
        d.update({"new": 9, **hooked({"a": 7, "b": 8}, fail)})
    assert d == {"a": 7, "b": 2}
    assert is_free(d)


def test_values_are_compared_under_the_lock_and_keys_are_made_before_it_is_taken() -> None:
    xs: LockedSortedList[int]
    made, compared = list[bool](), list[bool]()

    class Key(int):
        def __lt__(self, other: int) -> bool:
            compared.append(is_free(xs))
            return super().__lt__(other)

    def key(value: int) -> Key:
        made.append(is_free(xs))
        return Key(value)

    xs = LockedSortedKeyList(key=key)
    xs.add(1)
    xs.add(2)
    assert made == [True, True]
    assert compared
    assert not any(compared)


@each_kind
def test_size_in_memory_is_a_moments_truth(kind: Kind) -> None:
    twin = kind.filled()
    with twin.locked():
        assert elsewhere(lambda: sys.getsizeof(twin)) >= sys.getsizeof(kind.make(type(kind.contents)()))


@each_kind
def test_a_section_must_be_left_by_the_thread_that_entered_it(kind: Kind) -> None:
    twin = kind.filled()
    section = twin.locked()
    section.__enter__()
    assert Background(lambda: section.__exit__(None, None, None)).outcome() == ("raised", RuntimeError)
    section.__exit__(None, None, None)
    assert is_free(twin)
    assert threading.current_thread().is_alive()
