"""What the tests under the explorer share."""

from __future__ import annotations

import pytest

from lockedcontainers import _mutex


@pytest.fixture
def _specified_mutex(monkeypatch: pytest.MonkeyPatch) -> None:
    """Explore what is built on a mutex over what a mutex promises, and not over ours."""
    from .specified import Specified  # noqa: PLC0415  (compiled, there is nothing to put in its place)

    monkeypatch.setattr(_mutex, "Core", Specified)
