"""The command line: ``python -m lockedcontainers``."""

from __future__ import annotations

import argparse
import os
import sys

from lockedcontainers._console import CommandError, version
from lockedcontainers._index import index
from lockedcontainers._pipeline import pipeline


def _count(text: str) -> int:
    count = int(text)
    if count < 2:
        raise argparse.ArgumentTypeError("at least 2 threads are needed")
    return count


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 1e-6 <= seconds <= 1000:  # below, the interpreter would silently take its default
        raise argparse.ArgumentTypeError("must be from 1e-6 to 1000 seconds")
    return seconds


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lockedcontainers", description="Python's containers, made safe to share between threads."
    )
    parser.add_argument("--version", action="version", version=version())
    commands = parser.add_subparsers(dest="command", title="commands")

    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="text files, or folders of them (default: the .py files of the standard library)",
    )
    shared.add_argument("--json", action="store_true", help="print JSON instead of a table")

    command = commands.add_parser(
        "index",
        parents=[shared],
        help="build an index of real text in four ways and count what races lose",
        description="Build an inverted index and word counts with one thread, and with several threads on plain dicts, "
        "with a hand-written lock, and on locked containers; compare each with the first. "
        "The exit status is 1 if the locked containers' result differs.",
    )
    command.add_argument(
        "--threads",
        type=_count,
        default=max(2, min(4, os.cpu_count() or 1)),
        metavar="N",
        help="how many threads share the work (default: %(default)s)",
    )
    command.add_argument(
        "--switch-interval",
        type=_seconds,
        metavar="S",
        help="sys.setswitchinterval; a short one, such as 1e-6, makes races likelier where there is a GIL",
    )
    command.add_argument("--plot", metavar="FILE", help="draw the table into FILE (.png, .svg, …; needs matplotlib)")

    command = commands.add_parser(
        "pipeline",
        parents=[shared],
        help="read, parse and write files in stages joined by bounded queues",
        description="Readers, parsers and writers, joined by bounded queues, count the words of real files; the "
        "parsers have a cache in front of them. Ctrl-C ends the reading, and what has been read is still parsed and "
        "written. "
        "The exit status is 1 if a file was lost on the way, 130 after Ctrl-C.",
    )
    command.add_argument(
        "--threads", type=_positive, default=2, metavar="N", help="threads of each stage (default: %(default)s)"
    )
    command.add_argument(
        "--depth", type=_positive, default=16, metavar="N", help="how much may wait in a queue (default: %(default)s)"
    )
    command.add_argument(
        "--cache", type=_positive, default=10_000, metavar="N", help="how many lines it keeps (default: %(default)s)"
    )
    command.add_argument("--output", metavar="FILE", help="write a line of JSON for each file into FILE")
    command.add_argument("--plot", metavar="FILE", help="draw how much waited over time into FILE (needs matplotlib)")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        if options.command == "index":
            return index(
                options.paths,
                threads=options.threads,
                switch_interval=options.switch_interval,
                as_json=options.json,
                plot_file=options.plot,
            )
        if options.command == "pipeline":
            return pipeline(
                options.paths,
                threads=options.threads,
                depth=options.depth,
                cache=options.cache,
                output_file=options.output,
                as_json=options.json,
                plot_file=options.plot,
            )
    except CommandError as error:
        print(f"lockedcontainers: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    parser.print_help()
    return 0


if __name__ == "__main__":
    sys.exit(main())
