"""Find one order of the operations that explains what every one of them answered.

The search is Wing and Gong's, with Lowe's memory of configurations already seen. An order must keep every
operation that ended before another began ahead of it; among those that overlap, any order will do.
"""

from __future__ import annotations

import enum
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from lockedcontainers.testing._history import Call, Operation, Outcome


class Model(Protocol):
    """What a container does when one thread uses it."""

    @property
    def initial(self) -> Hashable:
        """The state of a new container."""
        ...

    def step(self, state: Hashable, call: Call) -> Iterable[tuple[Outcome, Hashable]]:
        """Return each outcome that the call may have in this state, with the state it leaves."""
        ...

    def key(self, call: Call) -> Hashable | None:
        """Return the part of the container that is all the call reads and writes; None for the whole."""
        ...


class Verdict(enum.Enum):
    """What a search found out."""

    LINEARIZABLE = "linearizable"
    NOT_LINEARIZABLE = "not linearizable"
    UNKNOWN = "unknown: the budget was spent"


@dataclass(frozen=True, slots=True)
class Linearization:
    """A verdict, and what speaks for it.

    ``order`` explains the history, or is the longest that explains a part of it; then ``stuck`` has each operation
    that could come next, with what the model would have answered.
    """

    verdict: Verdict
    order: tuple[Operation, ...] = ()
    state: Hashable = None
    stuck: tuple[tuple[Operation, tuple[Outcome, ...]], ...] = ()
    configurations: int = 0

    def __str__(self) -> str:
        lines = [f"{self.verdict.value} ({self.configurations} configurations)"]
        if self.verdict is Verdict.NOT_LINEARIZABLE:
            lines += ["the longest order that explains a part of the history:"]
            lines += [f"  {operation}" for operation in self.order] or ["  (nothing)"]
            lines += [f"  leaving {self.state!r}", "and then none of these can come next:"]
            for operation, allowed in self.stuck:
                answers = " or ".join(map(str, allowed))
                lines += [f"  {operation}, where the model {answers}"]
        return "\n".join(lines)


def linearize(history: Sequence[Operation], model: Model, *, budget: int = 1_000_000) -> Linearization:
    """Search for an order of the history that the model explains, visiting at most ``budget`` configurations.

    Where every call of the history has a key, the operations on each key are searched by themselves: a history is
    linearizable if and only if each of its independent parts is.

    >>> from lockedcontainers.testing import DICT, Call, Operation, Outcome
    >>> put = Operation(0, Call("setdefault", "a", 1), 0, 2, Outcome(1))
    >>> late = Operation(1, Call("setdefault", "a", 2), 1, 3, Outcome(2))
    >>> print(linearize([put, late], DICT))
    not linearizable (2 configurations)
    the longest order that explains a part of the history:
      thread 0: setdefault('a', 1) -> 1
      leaving {'a': 1}
    and then none of these can come next:
      thread 1: setdefault('a', 2) -> 2, where the model -> 1
    """
    parts: dict[Hashable, list[Operation]] = {}
    for operation in history:
        key = model.key(operation.call)
        if key is None:
            return _Search(history, model, budget).run()
        parts.setdefault(key, []).append(operation)
    spent = 0
    found: list[Operation] = []
    unknown = False
    for part in parts.values():
        answer = _Search(part, model, budget - spent).run()
        spent += answer.configurations
        if answer.verdict is Verdict.NOT_LINEARIZABLE:
            return answer
        unknown |= answer.verdict is Verdict.UNKNOWN
        found += answer.order
    return Linearization(Verdict.UNKNOWN if unknown else Verdict.LINEARIZABLE, tuple(found), configurations=spent)


class _Search:
    """A search over one part of a history.

    The calls and returns that are not yet placed are a doubly linked list in order of time. The operations that may
    come next are those whose call is ahead of the first return.
    """

    def __init__(self, operations: Sequence[Operation], model: Model, budget: int) -> None:
        self.operations = operations
        self.model = model
        self.budget = budget
        # Node 2i is the call of operation i and node 2i + 1 its return. A call sorts ahead of a return at the same
        # time: the two then overlap, which can only excuse more.
        events: list[tuple[int, int, int]] = []
        for i, operation in enumerate(operations):
            events.append((operation.began, 0, 2 * i))
            if operation.ended is not None:
                events.append((operation.ended, 1, 2 * i + 1))
        order = [node for _, _, node in sorted(events)]
        self.end = 2 * len(operations)
        self.following = [self.end] * (self.end + 1)
        self.preceding = [self.end] * (self.end + 1)
        for left, right in zip([self.end, *order], [*order, self.end], strict=True):
            self.following[left] = right
            self.preceding[right] = left

    def run(self) -> Linearization:
        missing = sum(operation.ended is not None for operation in self.operations)
        placed = 0  # a bit for each operation
        path: list[int] = []
        states = [self.model.initial]
        candidates = [self._candidates(self.model.initial)]
        longest: tuple[int, ...] = ()
        longest_state = self.model.initial
        seen: set[tuple[int, Hashable]] = set()
        while missing:
            for i, state in candidates[-1]:
                if (placed | 1 << i, state) not in seen:
                    break
            else:
                if len(path) > len(longest):
                    longest, longest_state = tuple(path), states[-1]
                if not path:
                    return self._refusal(longest, longest_state, len(seen))
                candidates.pop()
                states.pop()
                i = path.pop()
                self._unlift(i)
                placed ^= 1 << i
                missing += self.operations[i].ended is not None
                continue
            if len(seen) >= self.budget:
                return Linearization(Verdict.UNKNOWN, configurations=len(seen))
            placed |= 1 << i
            seen.add((placed, state))
            self._lift(i)
            missing -= self.operations[i].ended is not None
            path.append(i)
            states.append(state)
            candidates.append(self._candidates(state))
        return Linearization(Verdict.LINEARIZABLE, self._named(path), states[-1], configurations=len(seen))

    def _candidates(self, state: Hashable) -> Iterator[tuple[int, Hashable]]:
        """Yield each operation that may come next, with each state it may leave."""
        for i in self._minimal():
            operation = self.operations[i]
            if operation.outcome is None and operation.ended is not None:
                yield i, state  # it had no effect, and now it is too late for one
            for outcome, after in self.model.step(state, operation.call):
                if operation.outcome is None or operation.outcome == outcome:
                    yield i, after

    def _minimal(self) -> Iterator[int]:
        # The list changes while a caller looks further down the path, but it is put back before the caller asks again.
        node = self.following[self.end]
        while node != self.end and node % 2 == 0:
            yield node // 2
            node = self.following[node]

    def _lift(self, i: int) -> None:
        for node in self._nodes(i):
            self.following[self.preceding[node]] = self.following[node]
            self.preceding[self.following[node]] = self.preceding[node]

    def _unlift(self, i: int) -> None:
        for node in reversed(self._nodes(i)):
            self.following[self.preceding[node]] = node
            self.preceding[self.following[node]] = node

    def _nodes(self, i: int) -> range:
        return range(2 * i, 2 * i + (1 if self.operations[i].ended is None else 2))

    def _named(self, path: Iterable[int]) -> tuple[Operation, ...]:
        return tuple([self.operations[i] for i in path])

    def _refusal(self, path: Sequence[int], state: Hashable, configurations: int) -> Linearization:
        for i in path:
            self._lift(i)
        stuck = [
            (self.operations[i], tuple([outcome for outcome, _ in self.model.step(state, self.operations[i].call)]))
            for i in self._minimal()
        ]
        return Linearization(Verdict.NOT_LINEARIZABLE, self._named(path), state, tuple(stuck), configurations)
