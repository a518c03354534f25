"""Checked by mypy --strict and pyright, never run: the types a user of ReadWriteLock and Guarded sees."""

from typing import Any, assert_type

from lockedcontainers import Guarded, ReadWriteLock, ReadWriteStatistics

rw = ReadWriteLock()
named = ReadWriteLock("fair", name="settings")
ReadWriteLock(preference="reader", name=None)
ReadWriteLock("writers")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

assert_type(rw.acquire_read(), bool)
assert_type(rw.acquire_write(timeout=1), bool)
assert_type(rw.acquire_write(0.5), bool)
assert_type(rw.try_upgrade(), bool)
assert_type(rw.try_upgrade(None), bool)
rw.acquire_read("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

with rw.read() as reading, named.write(timeout=0.5) as writing:
    assert_type(reading, ReadWriteLock)
    assert_type(writing, ReadWriteLock)

assert_type(rw.statistics(), ReadWriteStatistics)
assert_type(rw.statistics().waiting_writers, int)
assert_type(rw.statistics().longest, float)
assert_type(named.name, str | None)
named.name = "other"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


class Settings:
    colour = "red"


# What is guarded has its own type inside.
settings = Guarded(Settings())
assert_type(settings, Guarded[Settings])
assert_type(settings.lock, ReadWriteLock)
with settings.read() as value:
    assert_type(value, Settings)
    assert_type(value.colour, str)
with settings.write(timeout=1) as value:
    value.colour = "blue"

table: Guarded[dict[str, list[int]]] = Guarded({}, named)
with table.read(0) as lists:
    assert_type(lists, dict[str, list[int]])

settings.colour = 1  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
Guarded({}, "fair")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
anything: Guarded[Any] = table
