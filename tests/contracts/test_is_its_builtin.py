"""Promise 1: a twin is its builtin."""

from __future__ import annotations

import gc
import inspect
import json
import weakref
from types import GenericAlias
from typing import Any

import pytest

from .kinds import Kind, each_kind, unnamed
from .threads import outcome_of


@each_kind
def test_every_operation_does_what_the_builtins_does(kind: Kind) -> None:
    differing = {}
    for name, operation in {**kind.operations, **kind.refusals}.items():
        twin, model = kind.filled(), kind.model_filled()
        found = outcome_of(lambda: operation.call(twin)), kind.state(twin)  # noqa: B023
        expected = outcome_of(lambda: operation.model(model)), kind.state(model)  # noqa: B023
        if found != expected:
            differing[name] = found, expected
    assert differing == {}


@each_kind
def test_every_step_does_what_the_builtins_does(kind: Kind) -> None:
    for name, step in {**kind.steps, **kind.lookups}.items():
        twin, model = kind.filled(), kind.model_filled()
        found = outcome_of(lambda: step.call(twin, lambda: None)), kind.state(twin)  # noqa: B023
        expected = outcome_of(lambda: step.model(model, lambda: None)), kind.state(model)  # noqa: B023
        assert found == expected, name


@each_kind
def test_it_is_accepted_as_its_builtin(kind: Kind) -> None:
    twin, model = kind.filled(), kind.model_filled()
    assert isinstance(twin, kind.builtin) is kind.is_subclass
    assert issubclass(kind.cls, kind.builtin.__mro__[-2])  # what the builtin itself is, below object
    assert outcome_of(lambda: json.dumps(twin)) == outcome_of(lambda: json.dumps(model))
    assert sorted(twin) == sorted(model)
    assert kind.model(twin) == model
    assert matched(twin) == matched(model)
    assert (list(twin), len(twin), bool(twin)) == (list(model), len(model), bool(model))
    assert not kind.make(type(kind.contents)())


def matched(subject: Any) -> Any:
    match subject:
        case {"a": first, **others}:
            matched_as: Any = "mapping", first, others
        case [first, *rest]:
            matched_as = "sequence", first, rest
        case _:
            matched_as = "neither"
    return matched_as


@each_kind
def test_it_is_not_hashable(kind: Kind) -> None:
    assert [cls.__hash__ for cls in (kind.cls, kind.builtin)] == [None, None]
    with pytest.raises(TypeError, match=f"unhashable type: '.*{kind.name}'"):
        hash(kind.filled())


@each_kind
def test_its_repr_is_the_builtins(kind: Kind) -> None:
    twin, model = kind.filled(), kind.model_filled()
    assert unnamed(repr(twin), twin) == unnamed(repr(model), model)
    if kind.nest is not None:
        kind.nest(twin)
        kind.nest(model)
        assert unnamed(repr(twin), twin) == unnamed(repr(model), model).replace(type(model).__name__, kind.name)


@each_kind
def test_it_is_generic(kind: Kind) -> None:
    assert isinstance(kind.generic, GenericAlias)
    assert kind.generic.__origin__ is kind.cls
    assert type(kind.generic.__call__()) is kind.cls


@each_kind
def test_every_attribute_of_the_builtin_is_there(kind: Kind) -> None:
    assert set(dir(kind.builtin)) - set(dir(kind.cls)) == set()


@each_kind
def test_every_method_is_the_twins_own(kind: Kind) -> None:
    """What it inherits from the builtin goes at the storage without the mutex."""
    theirs = {name for base in kind.builtin.__mro__[:-1] for name in vars(base) if callable(getattr(base, name))}
    theirs = {name for name in theirs if name.endswith("__") or not name.startswith("_")}
    ours = {name for base in kind.cls.__mro__ if base.__module__.startswith("lockedcontainers") for name in vars(base)}
    assert theirs - ours <= kind.inherited


@each_kind
def test_signatures_are_the_builtins(kind: Kind) -> None:
    differing = {}
    for name in dir(kind.builtin):
        if not name.startswith("_"):
            ours, theirs = (signature(getattr(cls, name)) for cls in (kind.cls, kind.builtin))
            if theirs is not None and ours != theirs:
                differing[name] = ours, theirs
    assert differing == {}


def signature(method: Any) -> Any:
    """How each parameter after self may be given, if the method tells it."""
    try:
        parameters = list(inspect.signature(method).parameters.values())
    except (TypeError, ValueError):
        return None
    return [(p.kind, "" if p.kind is p.POSITIONAL_ONLY else p.name, p.default is not p.empty) for p in parameters[1:]]


@each_kind
def test_a_subclass_may_add_state_and_methods(kind: Kind) -> None:
    class Sub(kind.cls):  # type: ignore[misc, name-defined]
        def doubled(self) -> int:
            return 2 * len(self)

    twin = kind.filled()
    sub = Sub(*([list] if hasattr(twin, "default_factory") else []), kind.contents)
    sub.note = "mine"
    assert sub == twin
    assert sub.doubled() == 2 * len(twin)
    assert isinstance(sub.copy(), Sub)


@each_kind
def test_it_is_weakly_referenced(kind: Kind) -> None:
    twin = kind.filled()
    reference = weakref.ref(twin)
    assert reference() is twin
    del twin
    gc.collect()
    assert reference() is None
