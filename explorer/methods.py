"""How a number is worked out, for the page: words, formula and reference of its own docstring."""

from __future__ import annotations

import html
import inspect
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from engine.documents import sections
from explorer import typeset

__all__ = ["method"]

_BLOCK = re.compile(r"\.\. math::(.*(?:\n(?: .*)?)*)")
_MARKUP = re.compile(r":math:`([^`]+)`|``([^`]+)``|`([^`]+)`")
_DOI = re.compile(r"doi:(10\.\S+)")


@lru_cache(maxsize=64)
def method(label: str, function: Callable[..., Any]) -> dict[str, str]:
    """Take the words, the formula and the references from the docstring of a function.

    Parameters
    ----------
    label : str
        What the page calls what the function gives.
    function : callable
        Its docstring is in NumPy style, with one display formula.

    Returns
    -------
    dict
        ``{"id", "label", "summary", "formula", "words", "reference"}``, the last four as HTML.
    """
    head, parts = sections(inspect.getdoc(function) or "")
    block = _BLOCK.search(head)
    formula = " ".join(block[1].split()) if block else ""
    summary, _, rest = _BLOCK.sub("", head).partition("\n\n")
    return {
        "id": function.__name__,
        "label": label,
        "summary": _paragraphs(summary, _words),
        "formula": typeset.equation(formula),
        "words": _paragraphs(rest, _words),
        "reference": _paragraphs(parts.get("References", ""), _reference),
    }


def _paragraphs(text: str, write: Callable[[str], str]) -> str:
    found = (" ".join(part.split()) for part in text.split("\n\n"))
    return "".join(f"<p>{write(part)}</p>" for part in found if part)


def _words(text: str) -> str:
    written, end = "", 0
    for found in _MARKUP.finditer(text):
        written += html.escape(text[end : found.start()])
        latex, code, name = found.groups()
        written += typeset.symbol(latex) if latex else f"<em>{html.escape(code or name)}</em>"
        end = found.end()
    return written + html.escape(text[end:])


def _reference(text: str) -> str:
    link = r'<a href="https://doi.org/\1" target="_blank" rel="noopener">doi:\1</a>'
    return _DOI.sub(link, html.escape(text))
