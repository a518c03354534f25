"""What every test file shares: the build under test is the one asked for, and threads can be made to switch often."""

import importlib
import os
import signal
import sys
import sysconfig
import tomllib
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import pytest
from packaging.requirements import Requirement

import lockedcontainers
from lockedcontainers import _mutex

C = TypeVar("C")


def running_build() -> str:
    if not lockedcontainers.is_compiled:
        return "pure"
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "free-threaded"
    return "compiled"


def gil_enabled() -> bool:
    if sys.version_info >= (3, 13):
        return sys._is_gil_enabled()
    return True


def pytest_configure() -> None:
    """Fail a leg of CI that runs on another build than the one it is about; let Ctrl-C work, for the tests of it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell script starts its background jobs
        signal.signal(signal.SIGINT, signal.default_int_handler)
    expected = os.environ.get("LOCKEDCONTAINERS_EXPECT")
    if expected is not None and expected != running_build():
        message = f"LOCKEDCONTAINERS_EXPECT={expected}, but {lockedcontainers.__file__} is {running_build()}"
        raise pytest.UsageError(message)


def pytest_report_header() -> str:
    gil = "on" if gil_enabled() else "off"
    return f"lockedcontainers: {running_build()}, GIL {gil}, {lockedcontainers.__file__}"


@pytest.fixture(scope="session", autouse=True)
def _gil_stays_off() -> Iterator[None]:
    """An import may silently switch the GIL on, after which no race is tested; so look at both ends of the run."""
    free = os.environ.get("LOCKEDCONTAINERS_EXPECT") == "free-threaded"
    assert not (free and "PYTHON_GIL" in os.environ), "PYTHON_GIL is set: that the GIL is off shows nothing"
    assert not (free and gil_enabled())
    yield
    assert not (free and gil_enabled())


@pytest.fixture
def switch_interval() -> Iterator[None]:
    """Switch threads as often as the interpreter can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def in_a_child() -> Callable[[Callable[[], None]], str]:
    return forked


def forked(call: Callable[[], None]) -> str:
    """What went wrong when a forked child made the call, with a limit of time."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that other threads run is the point
        child = os.fork()
    if child == 0:
        signal.alarm(20)
        try:
            call()
        except BaseException:  # noqa: BLE001  (the parent reports it)
            os.write(writing, traceback.format_exc().encode())
            os._exit(1)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        report = pipe.read().decode()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return report or ("" if status == 0 else f"the child ended with {status}")


@pytest.fixture
def few() -> Callable[[Sequence[C]], Sequence[C]]:
    """Every second of what would take long to explore with all others between instructions; all in `make torture`."""
    step = int(os.environ.get("LOCKEDCONTAINERS_STEP", "2"))
    return lambda calls: calls[::step]


@pytest.fixture
def preemptions() -> int | None:
    """How often pairs of operations are preempted at most: without a bound, but where mutants are looked for."""
    bound = os.environ.get("LOCKEDCONTAINERS_PREEMPTIONS")
    return None if bound is None else int(bound)


@pytest.fixture
def few_preemptions() -> int:
    """The same for the rooms with the longest operations; more in `make torture`."""
    return int(os.environ.get("LOCKEDCONTAINERS_FEW_PREEMPTIONS", "3"))


@pytest.fixture
def _specified_mutex(monkeypatch: pytest.MonkeyPatch) -> None:
    """Explore what is built on a mutex over what a mutex promises, and not over ours: so every interleaving of it."""
    specified = importlib.import_module(".testing.specified", __package__)  # compiled, there is nothing to replace
    monkeypatch.setattr(_mutex, "Core", specified.Specified)


@pytest.fixture(scope="session")
def without_wheel() -> frozenset[str]:
    """The packages of other people that pyproject.toml leaves out on this Python, as there is no wheel of them."""
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8"))
    requirements = [Requirement(line) for line in project["dependency-groups"]["interop"]]
    here = {each.name for each in requirements if each.marker is None or each.marker.evaluate()}
    return frozenset({"PyYAML": "yaml"}.get(each.name, each.name) for each in requirements if each.name not in here)
