"""What the rooms ask ``cython`` when it is not installed, which at run time it need not be."""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
compiled = False


def cclass(cls: type[T]) -> type[T]:
    return cls


def freelist(_: int) -> Callable[[type[T]], type[T]]:
    return cclass
