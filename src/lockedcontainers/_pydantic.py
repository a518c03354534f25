# ← _common.py            _list.py →
"""How pydantic validates and serialises a room. Pydantic is imported when it asks, and not before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

if TYPE_CHECKING:
    from collections.abc import Callable


def schema_of(
    cls: type[Any],
    builtin: Any,
    source: Any,
    handler: Any,
    *,
    to_builtin: Callable[[Any], Any] | None = None,
    from_builtin: Callable[[Any], Any] | None = None,
) -> Any:
    """What pydantic is to do with *source*, which is *cls* or that with type arguments.

    The same as for *builtin* with these arguments, but pydantic reads the storage of a builtin directly: so it is given
    a snapshot, and what it makes of that becomes a twin. *to_builtin* and *from_builtin* say how, where that takes more
    than the elements.
    """
    from pydantic_core import core_schema

    def plain(value: Any) -> Any:
        if isinstance(value, cls):
            return builtin(value.snapshot()) if to_builtin is None else to_builtin(value)
        ours = any(base.__module__.partition(".")[0] == __package__ for base in type(value).__mro__)
        return value.snapshot() if ours else value  # the snapshot of another room; or it may be wrong altogether

    arguments = get_args(source)
    inner = handler.generate_schema(builtin[arguments] if arguments else builtin)
    from_json = core_schema.no_info_after_validator_function(from_builtin or cls, inner)
    return core_schema.json_or_python_schema(
        json_schema=from_json,
        python_schema=core_schema.no_info_before_validator_function(plain, from_json),
        serialization=core_schema.wrap_serializer_function_ser_schema(
            lambda value, serialize: serialize(plain(value)), schema=inner
        ),
    )
