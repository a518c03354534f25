"""Counts how many of CPython's own tests ran."""

from __future__ import annotations

import pytest

from .loader import LEFT_OUT


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    def count(outcome: str) -> int:
        return sum("/conformance/" in report.nodeid for report in terminalreporter.getreports(outcome))

    if passed := count("passed"):
        left_out = count("xfailed") + sum(LEFT_OUT.values())
        terminalreporter.write_line(f"CPython's own tests: {passed} passed, {count('failed')} failed, {left_out} left out")
