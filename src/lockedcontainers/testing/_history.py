"""What was asked of a container and what it answered: calls, outcomes, operations."""

from __future__ import annotations

import operator
import sys
from collections import deque
from collections.abc import Callable, ItemsView, Iterator, KeysView, Sequence, ValuesView
from dataclasses import dataclass, fields, is_dataclass
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType, ModuleType, WrapperDescriptorType
from typing import Any, Final, cast


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
    """How a call ended: the value it returned, or the type of the exception it raised.

    Values are compared as a caller would: 1 is True, but a list is no tuple. A subclass is as good as its builtin.
    """

    value: object = None
    raised: type[BaseException] | None = None

    def __str__(self) -> str:
        return f"-> {self.value!r}" if self.raised is None else f"raises {self.raised.__name__}"


@dataclass(frozen=True, slots=True)
class Operation:
    """A call made by a thread, from when to when. Without an ``outcome`` it may or may not have taken effect.

    It may still do so later if it has not ``ended`` either.
    """

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


@dataclass(frozen=True, slots=True)
class Frozen:
    """A container as it was at some moment: of which builtin, and what was in it, frozen too."""

    kind: type
    elements: tuple[object, ...] | frozenset[object]

    def __repr__(self) -> str:
        return repr(thawed(self))


def plain(value: object, target: object = None) -> object:
    """Return what a result is at this moment, hashable if its elements are.

    A container is read by its builtin's own methods: a twin's would wait for other threads. What a live view or an
    iterator shows is of a later moment, so one is as good as another of its kind.

    >>> plain({"a": [1, 2], "b": {3}})
    {'a': [1, 2], 'b': {3}}
    >>> plain({"a": 1}.values())
    <class 'collections.abc.ValuesView'>
    """
    if target is not None and value is target:
        return ITSELF
    for kind, read, make in _READERS:
        if isinstance(value, kind):
            return Frozen(kind, make([plain(element, target) for element in read(value)]))
    if isinstance(value, tuple):
        before = cast("tuple[object, ...]", value)
        elements = tuple([plain(element, target) for element in before])
        return before if all(map(operator.is_, before, elements)) else elements
    return next((kind for kind in _LIVE if isinstance(value, kind)), value)


def thawed(value: object) -> Any:
    """Return a new container like the one that was made plain."""
    if isinstance(value, Frozen):
        return value.kind(map(thawed, value.elements))
    return tuple(map(thawed, cast("tuple[object, ...]", value))) if type(value) is tuple else value


_Elements = Callable[[list[object]], tuple[object, ...] | frozenset[object]]
_KINDS: Final[Sequence[tuple[type, str, _Elements]]] = (
    (dict, "items", tuple),
    (list, "__iter__", tuple),
    (deque, "__iter__", tuple),
    (set, "__iter__", frozenset),
    (bytearray, "__iter__", tuple),
)
_READERS: Final[Sequence[tuple[type, Callable[[object], Iterator[object]], _Elements]]] = [
    (kind, getattr(kind, name), make) for kind, name, make in _KINDS
]
_LIVE: Final[Sequence[type]] = (KeysView, ValuesView, ItemsView, Iterator)


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


def imports(value: object) -> Iterator[str]:
    """Yield the statements without which the expression for a value has no meaning."""
    if isinstance(value, (list, tuple)):
        for element in cast("Sequence[object]", value):
            yield from imports(element)
    elif isinstance(value, Call):
        yield from imports([value.function, *value.args, *[argument for _, argument in value.kwargs]])
    elif isinstance(value, ModuleType):
        yield f"import {value.__name__}"
    elif isinstance(value, _NAMED):
        if _module(value) not in _BUILT_IN:
            yield f"import {_module(value)}"
    else:
        yield from _imports_of_repr(value)


def _imports_of_repr(value: object) -> Iterator[str]:
    """Yield the import of the name that the ``repr`` begins with, of the public module if that has it too."""
    name, arguments, _ = repr(value).partition("(")
    private = type(value).__module__
    for module in (private.partition("._")[0], private):
        if module not in _BUILT_IN and hasattr(sys.modules.get(module), name):
            yield f"from {module} import {name}"
            break
    if arguments and is_dataclass(value):
        yield from imports([getattr(value, field.name) for field in fields(value) if field.repr])


_NAMED: Final = (type, FunctionType, BuiltinFunctionType, MethodDescriptorType, WrapperDescriptorType)
_BUILT_IN: Final = ("builtins", "__main__")


def _module(value: object) -> str:
    owner = getattr(value, "__objclass__", value)
    module = getattr(owner, "__module__", None) or "builtins"
    return "operator" if module == "_operator" else module


def statement(name: str, function: str, arguments: dict[str, object], given: Sequence[object] = ()) -> str:
    """Return the source that imports what it names and then assigns to a name what a function returns."""
    texts = [expression(value) for value in given]
    texts += [f"{argument}={expression(value)}" for argument, value in arguments.items()]
    lines = sorted({*imports([*given, *arguments.values()])})
    return "\n".join([*lines, f"{name} = {function}(", *[f"    {text}," for text in texts], ")"])
