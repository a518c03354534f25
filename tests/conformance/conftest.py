"""Counts how many of CPython's own tests ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .loader import LEFT_OUT

if TYPE_CHECKING:
    import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    def count(outcome: str) -> int:
        names = [report.nodeid for report in terminalreporter.getreports(outcome)]
        return sum("/conformance/" in name and "test_sorted_containers" not in name for name in names)

    if passed := count("passed"):
        failed, left_out = count("failed"), count("xfailed") + sum(LEFT_OUT.values())
        terminalreporter.write_line(f"CPython's own tests: {passed} passed, {failed} failed, {left_out} left out")
