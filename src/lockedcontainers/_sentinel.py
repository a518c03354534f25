"""ABSENT: what stands for "no value" where None may be one."""

from __future__ import annotations

import enum
from typing import Final


class Absent(enum.Enum):
    """The type of :data:`ABSENT`."""

    ABSENT = "ABSENT"

    def __repr__(self) -> str:
        return "ABSENT"


#: Given to a function where the container has no value, and returned by it to have none stored.
ABSENT: Final = Absent.ABSENT
