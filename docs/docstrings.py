"""Turn the docstrings, which are written to be read in the source, into Markdown for the site."""

import re
from typing import Any

import griffe

ROLE = re.compile(r":(?:attr|class|exc|func|meth|mod):`[~.]?([^`]+)`")
EXAMPLE = re.compile(r"^>>> .*(?:\n.*\S.*)*", re.MULTILINE)
FIELD = re.compile(r"\n(?=(?:Thread safety|Fairness|Reentrancy|Runs|Raises|Complexity)\b)")


def markdown(docstring: str) -> str:
    fenced = EXAMPLE.sub(r"```pycon\n\g<0>\n```", ROLE.sub(r"`\1`", docstring))
    return FIELD.sub("  \n", fenced)  # two spaces: a line break


class Docstrings(griffe.Extension):
    """Named in mkdocs.yml."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring is not None:
            obj.docstring.value = markdown(obj.docstring.value)
