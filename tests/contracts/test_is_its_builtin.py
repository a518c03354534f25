"""Promise 1: a twin is its builtin."""

from __future__ import annotations

import inspect
import json
from types import GenericAlias
from typing import Any

import pytest

from .kinds import Kind, each_kind, unnamed
from .threads import outcome_of


@each_kind
def test_every_operation_does_what_the_builtins_does(kind: Kind) -> None:
    differing = {}
    for name, operation in kind.operations.items():
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
