"""What was asked of a container and what it answered: calls, outcomes, operations."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType, ModuleType, WrapperDescriptorType
from typing import Final, cast


class Call:
    """Something to ask of a container: the name of a method, or a function of the container, and arguments.

    >>> Call("setdefault", "a", 1).on({})
    Outcome(value=1, raised=None)
    >>> Call(len).on({"a": 1})
    Outcome(value=1, raised=None)
    >>> print(Call("pop", "a"), Call("pop", "a").on({}))
    pop('a') raises KeyError
    """

    __slots__ = ("args", "function", "kwargs")

    def __init__(self, function: str | Callable[..., object], /, *args: object, **kwargs: object) -> None:
        self.function: Final = function
        self.args: Final = args
        self.kwargs: Final = tuple(kwargs.items())

    def bind(self, target: object) -> Callable[[], object]:
        """Return the call as a function of no arguments."""
        function, args, kwargs = self.function, self.args, dict(self.kwargs)
        if isinstance(function, str):
            method = getattr(target, function)
            return lambda: method(*args, **kwargs)
        return lambda: function(target, *args, **kwargs)

    def on(self, target: object) -> Outcome:
        """Make the call and return how it ended. What is not an ``Exception`` is let through."""
        try:
            value = self.bind(target)()
        except Exception as error:  # noqa: BLE001 - an outcome like any other
            return Outcome(raised=type(error))
        return Outcome(plain(value, target))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Call) and self._fields() == other._fields()

    def __hash__(self) -> int:
        return hash(self._fields())

    def __str__(self) -> str:
        function = self.function if isinstance(self.function, str) else expression(self.function)
        return f"{function}({', '.join(self._arguments())})"

    def __repr__(self) -> str:
        return f"Call({', '.join([expression(self.function), *self._arguments()])})"

    def _fields(self) -> tuple[object, ...]:
        return self.function, self.args, self.kwargs

    def _arguments(self) -> list[str]:
        return [expression(arg) for arg in self.args] + [f"{name}={expression(arg)}" for name, arg in self.kwargs]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended: the value it returned, or the type of the exception it raised."""

    value: object = None
    raised: type[BaseException] | None = None

    def __str__(self) -> str:
        return f"-> {self.value!r}" if self.raised is None else f"raises {self.raised.__name__}"


@dataclass(frozen=True, slots=True)
class Operation:
    """A call made by a thread, from when to when. While ``ended`` is None it may or may not have taken effect."""

    thread: int
    call: Call
    began: int
    ended: int | None = None
    outcome: Outcome | None = None

    def __str__(self) -> str:
        return f"thread {self.thread}: {self.call} {self.outcome or 'did not return'}"


class Itself:
    """Stands for the container in the outcome of a method that returns it, such as ``__ior__``."""

    def __repr__(self) -> str:
        return "itself"


ITSELF: Final = Itself()


def plain(value: object, target: object = None) -> object:
    """Return what a result is at this moment, hashable if its elements are.

    A container is read by its builtin's own methods: a twin's would wait for other threads.

    >>> plain({"a": [1, 2], "b": {3}})
    (('a', (1, 2)), ('b', frozenset({3})))
    """
    if target is not None and value is target:
        return ITSELF
    for kind, read, make in _READERS:
        if isinstance(value, kind):
            return make([plain(element, target) for element in read(value)])
    return value


_KINDS: Final[Sequence[tuple[type, str, Callable[[list[object]], object]]]] = (
    (dict, "items", tuple),
    (list, "__iter__", tuple),
    (tuple, "__iter__", tuple),
    (deque, "__iter__", tuple),
    (set, "__iter__", frozenset),
)
_READERS: Final[Sequence[tuple[type, Callable[[object], Iterator[object]], Callable[[list[object]], object]]]] = [
    (kind, getattr(kind, name), make) for kind, name, make in _KINDS
]


def expression(value: object) -> str:
    """Return the source of an expression for a value, as far as its ``repr`` is one.

    >>> import operator
    >>> expression([len, operator.getitem, dict.pop, "a"])
    "[len, operator.getitem, dict.pop, 'a']"
    """
    if isinstance(value, list):
        return f"[{', '.join(map(expression, cast('list[object]', value)))}]"
    if isinstance(value, ModuleType):
        return value.__name__
    if isinstance(value, _NAMED):
        module = _module(value)
        return value.__qualname__ if module in _BUILT_IN else f"{module}.{value.__qualname__}"
    return repr(value)


def modules(value: object) -> Iterator[str]:
    """Yield the modules that the expression for a value names."""
    if isinstance(value, list):
        for element in cast("list[object]", value):
            yield from modules(element)
    elif isinstance(value, Call):
        yield from modules([value.function, *value.args, *[argument for _, argument in value.kwargs]])
    elif isinstance(value, ModuleType):
        yield value.__name__
    elif isinstance(value, _NAMED):
        yield _module(value)


_NAMED: Final = (type, FunctionType, BuiltinFunctionType, MethodDescriptorType, WrapperDescriptorType)
_BUILT_IN: Final = ("builtins", "__main__")


def _module(value: object) -> str:
    owner = getattr(value, "__objclass__", value)
    module = getattr(owner, "__module__", None) or "builtins"
    return "operator" if module == "_operator" else module


def statement(name: str, function: str, arguments: dict[str, object], given: Sequence[object] = ()) -> str:
    """Return the source that imports what it names and then assigns to a name what a function returns."""
    named = sorted({*modules([*given, *arguments.values()])}.difference(_BUILT_IN))
    texts = [expression(value) for value in given]
    texts += [f"{argument}={expression(value)}" for argument, value in arguments.items()]
    lines = [f"import {module}" for module in named]
    return "\n".join([*lines, f"{name} = {function}(", *[f"    {text}," for text in texts], ")"])
