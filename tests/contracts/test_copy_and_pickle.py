# pyright: basic
"""Promise 11: copy, deepcopy and pickle give a twin with a lock of its own, and any build loads the pickles of any."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from .golden import GOLDEN
from .kinds import Hooked, Kind, Pause, each_kind
from .threads import Background, Holder, elsewhere, is_free

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)

WAYS: dict[str, Callable[[Any], Any]] = {
    "copy()": lambda twin: twin.copy(),
    "copy.copy": copy.copy,
    "copy.deepcopy": copy.deepcopy,
    **{
        f"pickle {protocol}": lambda twin, protocol=protocol: pickle.loads(pickle.dumps(twin, protocol))  # type: ignore[misc]
        for protocol in PROTOCOLS
    },
    "pickle in Python": lambda twin: pickle._loads(pickle._dumps(twin)),  # type: ignore[attr-defined]
}
each_way = pytest.mark.parametrize("way", WAYS)


@each_way
@each_kind
def test_a_copy_is_a_twin_with_a_lock_of_its_own(kind: Kind, way: str) -> None:
    twin = kind.filled()
    copied = WAYS[way](twin)
    assert type(copied) is kind.cls
    assert copied is not twin
    assert kind.state(copied) == kind.state(twin)
    assert getattr(copied, "default_factory", None) is getattr(twin, "default_factory", None)
    with twin.locked():
        assert elsewhere(lambda: is_free(copied))
        elsewhere(lambda: kind.half(copied))
    assert kind.state(twin) == kind.state(kind.model_filled())


@each_way
@each_kind
def test_it_waits_for_a_section(kind: Kind, way: str) -> None:
    twin, model = kind.filled(), kind.model_filled()
    with twin.locked():
        kind.half(twin)
        thread = Background(lambda: WAYS[way](twin))
        assert not thread.is_done(0.005)
        kind.whole(twin)
    kind.half(model)
    kind.whole(model)
    assert kind.state(thread.result()) == kind.state(model)


def subclass_of(cls: type[Any], name: str) -> type[Any]:
    """With an attribute in its dict and one in a slot, where pickle finds it."""
    slots = ("noted",) if cls.__dictoffset__ else ("noted", "__dict__")
    sub = type(name, (cls,), {"__slots__": slots, "__module__": __name__, "__qualname__": name})
    globals()[name] = sub
    return sub


@each_way
@each_kind
def test_a_subclass_keeps_what_it_has_added(kind: Kind, way: str) -> None:
    twin = kind.filled()
    sub = subclass_of(kind.cls, f"Sub{kind.name}")
    original = sub(*([list] if hasattr(twin, "default_factory") else []), kind.contents)
    if way != "copy()":  # as with the builtins, the method knows nothing of attributes
        original.mark, original.noted = ["marked"], ["noted"]
    copied = WAYS[way](original)
    assert type(copied) is sub
    assert kind.state(copied) == kind.state(original)
    if way not in ("copy()", "copy.copy"):
        assert (copied.mark, copied.noted) == (original.mark, original.noted)


def new_with_arguments(cls: type[Any], *args: Any) -> Any:
    base: Any = cls.__mro__[1]
    self = base.__new__(cls)
    self.mark = args
    return self


HOOKS: dict[str, dict[str, Any]] = {
    "__getstate__": {"__getstate__": lambda _: {"mark": "got"}},
    "__getstate__ of None": {"__getstate__": lambda _: None},
    "__setstate__": {"__setstate__": lambda self, state: self.__dict__.update(mark=sorted(state))},
    "__getstate__ and __setstate__": {
        "__getstate__": lambda _: "state",
        "__setstate__": lambda self, state: self.__dict__.update(mark=("set", state)),
    },
    "__getnewargs__": {"__new__": new_with_arguments, "__getnewargs__": lambda _: ("new",)},
    "__reduce__": {"__reduce__": lambda self: (type(self), (), {"mark": "reduced"})},
    "__reduce_ex__": {"__reduce_ex__": lambda self, protocol: (type(self), (), {"mark": protocol > 1})},
    "__copy__": {"__copy__": lambda self: type(self)()},
    "__deepcopy__": {"__deepcopy__": lambda self, _: type(self)()},
}


@pytest.mark.parametrize("way", ["copy.copy", "copy.deepcopy", "pickle 2", "pickle 5", "pickle in Python"])
@pytest.mark.parametrize("hook", HOOKS)
@each_kind
def test_the_hooks_of_a_subclass_are_called_as_for_the_builtin(kind: Kind, hook: str, way: str) -> None:
    if kind.builtin.__module__ != "builtins":
        pytest.skip("the builtin has its own way, in which attributes are lost")
    seen: list[Any] = []
    for cls, contents in ((kind.cls, kind.contents), (kind.builtin, kind.contents)):
        sub = type(
            f"Hooked{kind.name}{'' if cls is kind.cls else 'Model'}", (cls,), {**HOOKS[hook], "__module__": __name__}
        )
        globals()[sub.__name__] = sub
        original: Any = sub(contents)
        original.mark = "original"
        copied: Any = WAYS[way](original)
        assert type(copied) is sub
        seen.append((vars(copied), kind.state(copied), copied == original))
    assert seen[0] == seen[1]


class Held:
    """Equal to any other one."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Held)

    def __hash__(self) -> int:
        return 0


@each_kind
def test_shallow_copies_share_what_is_in_them_and_deep_ones_do_not(kind: Kind) -> None:
    held = Held()
    twin = kind.make(kind.holding(held))
    for way, make in WAYS.items():
        shared = any(part is held for part in flat(kind.state(make(twin))))
        assert shared is way.startswith("copy()") or way == "copy.copy", way
    assert any(part == held for part in flat(kind.state(copy.deepcopy(twin))))


def flat(state: list[Any]) -> list[Any]:
    parts: list[tuple[Any, ...]] = [element if isinstance(element, tuple) else (element,) for element in state]
    return [part for element in parts for part in element]


@each_kind
def test_a_container_in_itself_is_copied_so(kind: Kind) -> None:
    if kind.nest is None:
        pytest.skip("cannot be in itself")
    for way in ("copy.deepcopy", *(f"pickle {protocol}" for protocol in PROTOCOLS)):
        twin = kind.filled()
        kind.nest(twin)
        copied = WAYS[way](twin)
        assert copied is not twin
        assert any(part is copied for part in flat(kind.state(copied))), way


@pytest.mark.parametrize("protocol", PROTOCOLS)
@each_kind
def test_pickles_of_other_builds_and_versions_load(kind: Kind, protocol: int) -> None:
    loaded = pickle.loads(GOLDEN[kind.name][protocol])
    twin = kind.filled()
    assert type(loaded) is kind.cls
    assert kind.state(loaded) == kind.state(twin)
    assert getattr(loaded, "default_factory", None) is getattr(twin, "default_factory", None)
    order: Any = sorted if kind.builtin is set else list  # a set has none
    assert order(pickle.dumps(twin, protocol)) == order(GOLDEN[kind.name][protocol])


@each_kind
def test_user_code_runs_unlocked_while_a_copy_is_made(kind: Kind) -> None:
    """The hash of a key, __deepcopy__ and __reduce__ of an element may wait for threads that use the container."""
    for way in ("copy()", "copy.copy", "copy.deepcopy", "pickle 5"):
        seen: list[bool] = []
        pause: Any = Pause()

        def look(seen: list[bool] = seen) -> None:
            seen.append(elsewhere(lambda: is_free(twin)))  # noqa: B023

        twin = kind.make(kind.numbered(1, lambda: pause()))  # noqa: B023, PLW0108
        pause = Pause(1, look)
        WAYS[way](twin)
        pause = Pause()
        assert seen in ([], [True])


@each_kind
def test_a_held_copy_does_not_hold_the_original(kind: Kind) -> None:
    twin = kind.filled()
    copied = copy.copy(twin)
    with Holder(copied):
        assert is_free(twin)
        assert len(twin) == len(kind.model_filled())
    assert Hooked("a", lambda: None).__reduce__() == (str, ("a",))
