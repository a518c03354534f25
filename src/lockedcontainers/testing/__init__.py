"""Tools for testing code that several threads use at once: those that our own tests use.

``check_linearizable(MyClass, model=dict)`` is the short way in. What it is made of, in the order in which to read it:

1. ``_history.py``: calls, their outcomes, and operations, which are calls in time.
2. ``_linearizability.py``: whether one order of the operations explains all outcomes.
3. ``_models.py``: what to compare with: the builtin itself.
4. ``_scheduler.py``: one run of a small program under one schedule; ``_explorer.py``: every schedule, or many.
5. ``_program.py``: programs of calls, judged by a model; ``strategies.py``: programs drawn by hypothesis.
6. ``_recorder.py``: histories of real threads.
"""

from __future__ import annotations

from lockedcontainers.testing._explorer import Failure, Result, explore, replay, sample
from lockedcontainers.testing._history import Call, Operation, Outcome
from lockedcontainers.testing._linearizability import Linearization, Model, Verdict, linearize
from lockedcontainers.testing._models import COUNTER, DEQUE, DICT, LIST, SET, ModelOf
from lockedcontainers.testing._program import Findings, calls, check_linearizable, explore_pairs
from lockedcontainers.testing._recorder import record
from lockedcontainers.testing._scheduler import Program

__all__ = [
    "COUNTER",
    "DEQUE",
    "DICT",
    "LIST",
    "SET",
    "Call",
    "Failure",
    "Findings",
    "Linearization",
    "Model",
    "ModelOf",
    "Operation",
    "Outcome",
    "Program",
    "Result",
    "Verdict",
    "calls",
    "check_linearizable",
    "explore",
    "explore_pairs",
    "linearize",
    "record",
    "replay",
    "sample",
]
