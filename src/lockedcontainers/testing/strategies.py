"""Strategies for hypothesis: programs of calls, and schedules to run them under.

A counterexample shrinks to few threads, few calls and few switches. Leave ``Phase.explain`` out of the settings: it
uses the trace functions that the explorer needs.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from lockedcontainers.testing._history import Call


def programs(
    operations: Sequence[Call], *, min_threads: int = 2, max_threads: int = 3, max_calls: int = 3
) -> st.SearchStrategy[list[list[Call]]]:
    """Return a strategy for the calls of each thread."""
    calls = st.lists(st.sampled_from(operations), min_size=1, max_size=max_calls)
    return st.lists(calls, min_size=min_threads, max_size=max_threads)


def schedules(*, max_size: int = 60, max_choice: int = 3) -> st.SearchStrategy[list[int]]:
    """Return a strategy for what :func:`~lockedcontainers.testing.replay` takes: 0 goes on with the running thread."""
    return st.lists(st.integers(0, max_choice), max_size=max_size)
