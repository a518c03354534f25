"""The mutants of tests/mutants stay in step with the code; `make mutants` runs them."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent
MUTANTS: list[Any] = runpy.run_path(str(FOLDER / "mutants" / "run.py"))["mutants"]()
pytestmark = pytest.mark.skipif(not (FOLDER.parent / "src").is_dir(), reason="the sources are not beside the tests")


@pytest.mark.parametrize("mutant", [pytest.param(mutant, id=f"{mutant.room}-{mutant.name}") for mutant in MUTANTS])
def test_a_mutant_is_one_mistake_in_the_code_as_it_is(mutant: Any) -> None:
    assert mutant.old != mutant.new
    source = mutant.source()
    if mutant.file.endswith(".py"):
        compile(source, mutant.file, "exec")
