# ← _dict.py            _pydantic.py →
"""What the rooms have in common beyond the lock: pickling, printing, comparing. Nothing here takes a lock."""

from __future__ import annotations

import copyreg
from typing import Any

from lockedcontainers._sentinel import ABSENT

slot_names: Any = vars(copyreg)["_slotnames"]


def same(value: Any, expected: Any) -> bool:
    return value is expected or (value is not ABSENT and expected is not ABSENT and bool(value == expected))


def new_arguments(container: object) -> tuple[Any, ...]:
    """The class, and what a subclass says that its ``__new__`` wants, for pickle and for copies."""
    wanted = getattr(container, "__getnewargs__", None)
    return (type(container), *(() if wanted is None else wanted()))


def own_state(container: Any) -> Any:
    """What a subclass has added to the instance, for pickle; its own ``__getstate__`` goes first."""
    getstate: Any = type(container).__getstate__
    if getstate is not object.__getstate__:
        return container.__getstate__()
    ours = {
        name
        for cls in type(container).__mro__
        if cls.__module__.partition(".")[0] == __package__
        for name in vars(cls).get("__slots__", ())
    }
    # Not object.__getstate__: it reads all slots, ours too, without the lock. Without a GIL another thread may be
    # about to free what it finds there.
    names: list[str] = [name for name in slot_names(type(container)) if name not in ours]
    slots = {name: getattr(container, name) for name in names if hasattr(container, name)}
    attributes = getattr(container, "__dict__", None) or None
    return (attributes, slots) if slots else attributes


def pretty(container: Any, printer: Any, cycle: bool) -> None:
    """Print as IPython does with what it knows."""
    name = type(container).__name__
    if cycle:
        printer.text(f"{name}(...)")
    else:
        with printer.group(len(name) + 1, f"{name}(", ")"):
            printer.pretty(container.snapshot())
