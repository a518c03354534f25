"""Are the tests any good? Break the code on purpose, one way at a time, and see that they notice.

    python tests/mutants/run.py [NAME ...] [--jobs N] [--list]     (`make mutants`)

Each mutant of the .toml files beside this one is a small, plausible mistake: one piece of source replaced by another,
in a scratch copy of the tree. The tests that it names are run on the copy, uncompiled unless it says otherwise. A
mutant is killed if one of them fails; a hang counts only where the mutant says that it hangs. First the same tests
are run on the code as it is, by the same rules: what fails there kills nobody.

Exit status 1 if a mutant survives.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUDGET = 180  # seconds for the tests of one mutant
HANG = 15  # seconds beyond thrice what they take on the code as it is: then they hang
PATIENCE = 10  # seconds that a test waits for another thread


@dataclass(frozen=True)
class Mutant:
    """One mistake, and which tests are to find it."""

    room: str
    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    hangs: bool = False
    compiled: bool = False

    def source(self) -> str:
        """Return the file with the mistake in it."""
        text = (ROOT / "src" / "lockedcontainers" / self.file).read_text()
        if (found := text.count(self.old)) != 1:
            raise ValueError(f"{self.room}: {self.name}: what it replaces is {found} times in {self.file}, not once")
        return text.replace(self.old, self.new)


@dataclass(frozen=True)
class Verdict:
    """How a run of tests ended."""

    failed: bool
    by: str
    seconds: float


def mutants() -> list[Mutant]:
    """Return all that are written down."""
    return [
        Mutant(
            room=path.stem,
            name=entry["name"],
            file=entry["file"],
            old=entry["old"],
            new=entry["new"],
            tests=tuple(shlex.split(entry["tests"])),
            hangs=entry.get("hangs", False),
            compiled=entry.get("compiled", False),
        )
        for path in sorted(HERE.glob("*.toml"))
        for entry in tomllib.loads(path.read_text())["mutant"]
    ]


@contextmanager
def scratch(mutant: Mutant | None, compiled: bool) -> Generator[Path]:
    """A copy of the tree, with the mistake in it."""
    with tempfile.TemporaryDirectory(prefix="lockedcontainers-mutant.") as folder:
        copy = Path(folder)
        for part in ("src", "tests"):
            shutil.copytree(
                ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.egg-info")
            )
        for part in ("pyproject.toml", "setup.py", "README.md", "LICENSE", "docs"):
            (copy / part).symlink_to(ROOT / part)
        if mutant is not None:
            (copy / "src" / "lockedcontainers" / mutant.file).write_text(mutant.source())
        if compiled:
            (copy / "setup.py").unlink()
            setup = (ROOT / "setup.py").read_text()
            (copy / "setup.py").write_text(setup.replace('"-O3"', '"-O0"'))  # it is compiled once and run for seconds
            build = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
            subprocess.run(
                build,
                cwd=copy,
                env=os.environ | {"LOCKEDCONTAINERS_REQUIRE_COMPILED": "1"},
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        yield copy


def run(tests: Iterable[str], mutant: Mutant | None, compiled: bool, budget: float) -> Verdict:
    """Run *tests* until the first one fails."""
    pytest = ["-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--no-header", "-W", "ignore", *tests]
    with scratch(mutant, compiled) as copy:
        environment = os.environ | {
            "PYTHONPATH": str(copy / "src"),
            "LOCKEDCONTAINERS_EXPECT": "compiled" if compiled else "pure",
            "LOCKEDCONTAINERS_PATIENCE": str(PATIENCE),
            "LOCKEDCONTAINERS_PREEMPTIONS": "2",
            "LOCKEDCONTAINERS_FEW_PREEMPTIONS": "2",
        }
        began = time.monotonic()
        try:
            ended = subprocess.run(
                [sys.executable, *pytest],
                cwd=copy,
                env=environment,
                capture_output=True,
                text=True,
                timeout=budget,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Verdict(True, "hung", time.monotonic() - began)
        seconds = time.monotonic() - began
    if ended.returncode == 0:
        return Verdict(False, "", seconds)
    if ended.returncode < 0:
        return Verdict(True, f"a crash, signal {-ended.returncode}", seconds)
    first = re.search(r"^(?:FAILED|ERROR) (\S+::.+?)(?: - .*)?$", ended.stdout, re.MULTILINE)
    return Verdict(first is not None, first[1] if first else f"no test ran: {ended.stdout[-200:]}", seconds)


@cache
def unchanged(tests: tuple[str, ...], compiled: bool) -> Verdict:
    """What the tests say of the code as it is: only if they pass there, what they say of a mutant means something."""
    return run(tests, None, compiled, BUDGET)


def judge(mutant: Mutant) -> tuple[Mutant, bool, Verdict]:
    """Return whether the tests kill the mutant."""
    original = unchanged(mutant.tests, mutant.compiled)
    if original.failed:
        return mutant, False, Verdict(False, "its tests fail on the code as it is", 0)
    budget = 3 * original.seconds + HANG if mutant.hangs else BUDGET
    verdict = run(mutant.tests, mutant, mutant.compiled, budget)
    return mutant, verdict.failed and (verdict.by != "hung" or mutant.hangs), verdict


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these rooms, or mutants with this in their name")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--list", action="store_true", help="only say which there are")
    options = parser.parse_args()
    rooms = {m.room for m in mutants()}
    names: list[str] = options.names
    chosen = [m for m in mutants() if not names or any(n == m.room if n in rooms else n in m.name for n in names)]
    if options.list:
        for mutant in chosen:
            print(f"{mutant.room:10} {mutant.name}")
        return 0
    killed = 0
    print("| room | mistake | found by | seconds |\n|---|---|---|---|", flush=True)
    with ThreadPoolExecutor(options.jobs) as pool:
        for mutant, dead, verdict in pool.map(judge, chosen):
            killed += dead
            by = verdict.by.removeprefix("tests/") if dead else f"**SURVIVED** {verdict.by}"
            print(f"| {mutant.room} | {mutant.name} | {by} | {verdict.seconds:.1f} |", flush=True)
    print(f"\n{killed} of {len(chosen)} mutants killed")
    return 0 if killed == len(chosen) and chosen else 1


if __name__ == "__main__":
    sys.exit(main())
