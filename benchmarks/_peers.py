"""Install the packages that take part in the benchmarks; one that cannot be installed here does not."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path


def install(*requirements: str) -> bool:
    """Return whether pip has installed them; if not, it has said why."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--prefer-binary", *requirements]
    return subprocess.run(command, check=False).returncode == 0  # noqa: S603


def main() -> None:
    project = tomllib.loads(Path(__file__).parent.with_name("pyproject.toml").read_text(encoding="utf-8"))
    peers: list[str] = project["dependency-groups"]["bench"]
    if not install(*peers):
        for peer in peers:
            if not install(peer):
                print(f"{peer} cannot be installed here, and takes no part")


if __name__ == "__main__":
    main()
