"""The command line, run as a user runs it; and the comparing code, fed results that are wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import threading
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import lockedcontainers
from lockedcontainers import _console, _index, _pipeline
from lockedcontainers.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXTS = {
    "one.txt": "a rose is a rose is a rose",
    "two.txt": "a daisy is no rose",
    "three/three.txt": "nothing here is blue",
}
FIGURES = {"files": 3, "words": 8, "postings": 12, "counts": 17}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    texts = tmp_path / "texts"
    for name, text in TEXTS.items():
        (texts / name).parent.mkdir(parents=True, exist_ok=True)
        (texts / name).write_text(text, encoding="utf-8")
    return texts


def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    run = [sys.executable, "-m", "lockedcontainers", *map(str, arguments)]
    return subprocess.run(run, capture_output=True, text=True, timeout=60, check=False)


def report(*arguments: str | Path) -> dict[str, Any]:
    done = command("index", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


def assert_one_line_error(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("lockedcontainers: ")
    for part in parts:
        assert part in line


# ------------------------------------------------------------------------------------------------ the command line


def test_alone_it_prints_help() -> None:
    done = command()

    assert done.returncode == 0
    assert done.stdout.startswith("usage: python -m lockedcontainers")
    assert "index" in done.stdout
    assert done.stdout == command("--help").stdout


def test_version_says_what_runs() -> None:
    done = command("--version")

    assert done.returncode == 0
    assert lockedcontainers.__version__ in done.stdout
    assert ("(compiled)" if lockedcontainers.is_compiled else "(not compiled)") in done.stdout
    assert sys.version.split()[0] in done.stdout
    assert done.stdout.endswith(f"with the GIL {'on' if _console.gil_enabled() else 'off'}\n")


def test_table(folder: Path) -> None:
    done = command("index", folder, "--threads", "3")

    assert done.returncode == 0, done.stderr
    assert "3 files, 8 different words; 3 threads" in done.stdout
    for way in ("one thread", "no lock", "threading.Lock", "LockedDict"):
        assert way in done.stdout
        assert way in done.stderr, "the progress bar names each way"
    assert "Files left out" not in done.stdout


def test_json(folder: Path) -> None:
    printed = report(folder, "--threads", "3", "--switch-interval", "0.0001")

    outcomes: list[dict[str, Any]] = printed.pop("outcomes")
    assert isinstance(printed.pop("seen"), str)
    assert printed.pop("switch_interval") == pytest.approx(0.0001)
    assert printed == {
        "version": lockedcontainers.__version__,
        "compiled": lockedcontainers.is_compiled,
        "implementation": "CPython",
        "python": sys.version.split()[0],
        "gil": _console.gil_enabled(),
        "threads": 3,
        "left_out": {},
        **FIGURES,
    }
    assert [outcome["way"] for outcome in outcomes] == ["one thread", "no lock", "threading.Lock", "LockedDict"]
    assert [outcome["threads"] for outcome in outcomes] == [1, 3, 3, 3]
    assert outcomes[0]["ratio"] == 1
    for outcome in outcomes:
        assert outcome["seconds"] > 0
        assert outcome["ratio"] == pytest.approx(outcome["seconds"] / outcomes[0]["seconds"])
        assert outcome["errors"] == []
        if outcome["way"] != "no lock":
            assert (outcome["lost_postings"], outcome["lost_counts"], outcome["same"]) == (0, 0, True)


def test_each_file_is_read_once(folder: Path) -> None:
    (folder / ".hidden").write_text("hidden", encoding="utf-8")
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("hidden", encoding="utf-8")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "one.pyc").write_bytes(b"\xff")
    (folder / "link.txt").symlink_to(folder / "one.txt")

    printed = report(folder, folder / "one.txt", folder / "three")

    assert {name: printed[name] for name in FIGURES} == FIGURES
    assert printed["left_out"] == {}


def test_a_hidden_file_that_is_named_is_read(folder: Path) -> None:
    (folder / ".hidden").write_text("hidden", encoding="utf-8")

    assert report(folder / ".hidden")["files"] == 1


def test_files_without_a_text_are_counted_and_named(folder: Path) -> None:
    (folder / "latin.txt").write_bytes("é".encode("latin-1"))
    (folder / "dangling.txt").symlink_to(folder / "nowhere")

    printed = report(folder)
    done = command("index", folder)

    left_out = {
        str((folder / "latin.txt").resolve()): "not UTF-8",
        str(folder / "nowhere"): "No such file or directory",
    }
    assert printed["left_out"] == left_out
    assert {name: printed[name] for name in FIGURES} == FIGURES
    assert done.returncode == 0
    tail = done.stdout.splitlines()[-3:]
    assert tail[0] == "Files left out: 2"
    assert sorted(tail[1:]) == sorted(f"  {file}: {reason}" for file, reason in left_out.items())


def test_only_files_without_a_text(tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes(b"\xe9")

    printed = report(tmp_path)

    assert printed["files"] == printed["postings"] == 0
    assert len(printed["left_out"]) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="a file's name is any bytes on Linux only")
def test_a_name_that_cannot_be_printed(folder: Path) -> None:
    Path(os.fsdecode(bytes(folder) + b"/\xff.txt")).write_bytes(b"\xff")

    done = command("index", folder)

    assert done.returncode == 0, done.stderr
    assert r"\udcff.txt: not UTF-8" in done.stdout


def test_missing_path(folder: Path) -> None:
    assert_one_line_error(command("index", folder, folder / "nowhere"), str(folder / "nowhere"), "No such file")


def test_empty_folder(tmp_path: Path) -> None:
    assert_one_line_error(command("index", tmp_path), "no files found", str(tmp_path))


@pytest.mark.parametrize(
    "wrong",
    [
        ["--threads", "1"],
        ["--threads", "many"],
        ["--switch-interval", "0"],
        ["--switch-interval", "1e-7"],
        ["--switch-interval", "nan"],
        ["--no-such-option"],
    ],
)
def test_wrong_options(wrong: list[str]) -> None:
    done = command("index", *wrong)

    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_wrong_command() -> None:
    assert command("no-such-command").returncode == 2


@pytest.mark.skipif(not find_spec("matplotlib"), reason="matplotlib is not installed")
def test_plot(folder: Path, tmp_path: Path) -> None:
    done = command("index", folder, "--plot", tmp_path / "plot.png")

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.skipif(not find_spec("matplotlib"), reason="matplotlib is not installed")
@pytest.mark.parametrize("name", ["nowhere/plot.png", "plot.unheard-of"])
def test_plot_that_cannot_be_written(folder: Path, tmp_path: Path, name: str) -> None:
    done = command("index", folder, "--plot", tmp_path / name)

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("lockedcontainers: cannot write the plot: ")
    assert "Traceback" not in done.stderr


def test_plot_without_matplotlib(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def find_nothing(_name: str) -> None:
        return None

    monkeypatch.setattr(_index, "find_spec", find_nothing)

    assert main(["index", str(folder), "--plot", "plot.png"]) == 2
    assert capsys.readouterr() == (
        "",
        'lockedcontainers: --plot needs matplotlib: pip install "lockedcontainers[plot]"\n',
    )


def test_without_rich(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("rich.console", "rich.progress", "rich.table"):
        monkeypatch.setitem(sys.modules, name, None)

    assert main(["index", str(folder)]) == 0

    out, err = capsys.readouterr()
    assert err.splitlines() == [
        f"{step}: 3 files" for step in ("reading", "one thread", "no lock", "threading.Lock", "LockedDict")
    ]
    header, first = out.splitlines()[2:4]
    assert header.split() == ["postings", "lost", "words", "lost", "seconds", "ratio"]
    assert first.split()[:6] == ["one", "thread", "12", "0", "17", "0"]
    assert len(header) == len(first)


def test_standard_library() -> None:
    files = _index.standard_library()

    assert Path(threading.__file__).resolve() in files
    assert len(files) > 500
    assert {file.suffix for file in files} == {".py"}
    assert files == sorted(set(files))
    assert not any(file.is_relative_to(Path(sysconfig.get_path("stdlib"), "site-packages").resolve()) for file in files)


def test_interrupt(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_index, "run", interrupted)
    interval = sys.getswitchinterval()

    assert main(["index", str(folder), "--switch-interval", "0.001"]) == 130
    assert sys.getswitchinterval() == interval


# --------------------------------------------------------------------------------------------------------- the pipeline


def test_pipeline(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "output.jsonl"
    done = command("pipeline", folder, "--output", output)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("3 of 3") == 3  # stages
    assert f"{FIGURES['counts']} words, {FIGURES['words']} different" in done.stdout
    lines = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert {Path(line["file"]).name: line["words"] for line in lines} == {
        Path(name).name: len(text.split()) for name, text in TEXTS.items()
    }


def test_pipeline_json(folder: Path) -> None:
    (folder / "again.txt").write_text(TEXTS["one.txt"], encoding="utf-8")
    (folder / "bytes.txt").write_bytes(b"\xff")
    done = command("pipeline", "--json", "--threads", "1", folder)
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert (printed["lines"], printed["hits"], printed["hit_ratio"]) == (4, 1, 0.25)
    assert [flow["files"] for flow in printed["flows"]] == [5, 4, 4]
    assert [Path(file).name for file in printed["left_out"]] == ["bytes.txt"]
    assert not printed["interrupted"]


def test_pipeline_that_cannot_write(folder: Path, tmp_path: Path) -> None:
    assert_one_line_error(command("pipeline", folder, "--output", tmp_path / "no" / "folder"), "folder")
    if Path("/dev/full").exists():
        done = command("pipeline", folder, "--output", "/dev/full")
        assert done.returncode == 2
        assert done.stderr.endswith(": /dev/full: No space left on device\n")


@pytest.mark.skipif(not find_spec("matplotlib"), reason="matplotlib is not installed")
def test_pipeline_plot(folder: Path, tmp_path: Path) -> None:
    drawing = tmp_path / "depths.svg"
    assert main(["pipeline", str(folder), "--plot", str(drawing)]) == 0
    assert drawing.read_text(encoding="utf-8").count("<path") > 2


@pytest.fixture
def many_files(tmp_path: Path) -> list[Path]:
    files = [tmp_path / f"{number}.txt" for number in range(40)]
    for file in files:
        file.write_text(file.name, encoding="utf-8")
    return files


def test_an_interrupted_pipeline_loses_nothing_it_has_read(
    many_files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def words_of(line: str) -> Counter[str]:
        go_on.wait()
        return Counter([line])

    def interrupt(_done: int, _total: int) -> None:
        if not go_on.is_set():
            go_on.set()
            raise KeyboardInterrupt

    monkeypatch.setattr(_pipeline, "words_of", words_of)
    made = _pipeline.Pipeline(many_files, threads=2, depth=3, cache=10)
    report = made.run(interrupt)
    assert report.interrupted
    (files,) = {flow.files for flow in report.flows}
    assert 0 < files < len(many_files)
    assert report.words == files


def test_a_stage_that_fails_ends_the_pipeline(many_files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def words_of(line: str) -> Counter[str]:
        raise ZeroDivisionError(line)

    monkeypatch.setattr(_pipeline, "words_of", words_of)
    made = _pipeline.Pipeline(many_files, threads=2, depth=3, cache=10)
    with pytest.raises(ZeroDivisionError):
        made.run(lambda _done, _total: None)
    assert not any(thread.is_alive() for stage in made.stages for thread in stage.threads)


# --------------------------------------------------------------------------------------------------- the comparing code


class Forgetful(_index.HandLocked):
    """Loses the posting and half the occurrences of one word in one file."""

    def add(self, file: str, words: Mapping[str, int]) -> None:
        super().add(file, words)
        if file.endswith("one.txt"):
            with self.lock:
                self.index["rose"].discard(file)
                self.counts["rose"] -= 2


class Inventive(_index.HandLocked):
    """Loses nothing, but adds a word that is in no file."""

    def add(self, file: str, words: Mapping[str, int]) -> None:
        super().add(file, {**words, "tulip": 1})


class Failing(_index.HandLocked):
    """Raises at one file."""

    def add(self, file: str, words: Mapping[str, int]) -> None:
        if file.endswith("two.txt"):
            raise RuntimeError("dictionary changed size during iteration")
        super().add(file, words)


def built(builder: _index.Builder) -> _index.Builder:
    for file, text in TEXTS.items():
        builder.add(file, Counter(text.split()))
    return builder


def test_compare_counts_what_is_lost() -> None:
    expected = built(_index.Plain())

    assert _index.compare(expected, built(_index.Plain())) == (0, 0, True)
    assert _index.compare(expected, built(_index.HandLocked())) == (0, 0, True)
    assert _index.compare(expected, built(_index.Locked())) == (0, 0, True)
    assert _index.compare(expected, built(Forgetful())) == (1, 2, False)
    assert _index.compare(expected, built(Inventive())) == (0, 0, False)
    assert _index.compare(expected, _index.Plain()) == (12, 17, False)


@pytest.mark.parametrize(("builder", "lost"), [(Forgetful, (1, 2)), (Inventive, (0, 0)), (Failing, (5, 5))])
def test_status_1_if_the_locked_run_differs(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    builder: type[_index.Builder],
    lost: tuple[int, int],
) -> None:
    monkeypatch.setattr(_index, "Locked", builder)

    assert main(["index", str(folder), "--json"]) == 1

    printed = json.loads(capsys.readouterr().out)
    locked = printed["outcomes"][-1]
    assert (locked["lost_postings"], locked["lost_counts"], locked["same"]) == (*lost, False)
    assert printed["seen"].endswith(
        "the locked containers differ from the one-thread result: please report this as a bug."
    )


def test_the_unlocked_code_races() -> None:
    both_have_read = threading.Barrier(2, timeout=30)

    class Late(int):
        """An int that is added only when both threads have read what they add it to."""

        def __radd__(self, other: int) -> int:
            both_have_read.wait()
            return int(self) + other

    builder = _index.Plain()
    threads = [threading.Thread(target=builder.add, args=(file, {"rose": Late(1)})) for file in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert builder.counts == {"rose": 1}


def test_the_sentence() -> None:
    def outcome(lost: int) -> _index.Outcome:
        return _index.Outcome("", 4, lost, 2 * lost, not lost, 1.0, 1.0, [])

    def seen(*outcomes: _index.Outcome) -> str:
        return _index.sentence(outcomes, 5000, 70000)

    right, wrong = outcome(0), outcome(1000)

    assert seen(right, wrong, right, right) == (
        f"On {_console.interpreter()}, 4 threads on plain dicts lost 1,000 of 5,000 postings "
        "and 2,000 of 70,000 counted words; on locked containers they lost nothing."
    )
    assert "no race showed in this one run" in seen(right, right, right, right)
    assert "bug" in seen(right, right, right, wrong)
    assert "bug" in seen(right, wrong, right, wrong)


def test_workers_share_the_files_out() -> None:
    class Recorder(_index.Plain):
        def __init__(self) -> None:
            super().__init__()
            self.files: list[str] = []

        def add(self, file: str, words: Mapping[str, int]) -> None:
            del words
            self.files.append(file)

    texts = [(str(number), "text") for number in range(1000)]
    recorder = Recorder()
    shown: list[int] = []

    seconds, errors = _index.build(recorder, texts, 4, lambda done, _total: shown.append(done))

    assert sorted(recorder.files) == sorted(file for file, _ in texts)
    assert seconds > 0
    assert errors == []
    assert shown[-1] == 1000
    assert shown == sorted(shown)


def test_errors_of_workers_are_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_index, "HandLocked", Failing)

    assert main(["index", str(folder)]) == 0

    out = capsys.readouterr().out
    file = (folder / "two.txt").resolve()
    assert (
        f"threading.Lock: 1 files failed, the first at {file}: RuntimeError('dictionary changed size during iteration')"
        in out
    )
