"""The docstring of a model: what was written by hand, and what its declarations say.

Names, units, defaults and limits are declared once; `help()` and the documentation show them from
there, so that they cannot differ from what runs.
"""

from __future__ import annotations

import inspect
import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.specs import Component, Declaration

__all__ = ["document", "sections"]

WIDTH = 100
_HEADING = re.compile(r"^(\S.*)\n-{3,}[ ]*$", re.MULTILINE)
FRAMEWORK = {
    "in_size": "in_size : int or tuple of int\n    Shape of the population, without batch.",
    "name": "name : str, optional\n    Name of the instance.",
}
"""Arguments of the constructor that are no declarations."""
_by_hand: dict[str, str] = {}
"""What was written by hand, by the whole docstring that was made of it."""


def document(cls: type[Component]) -> None:
    """Complete the docstring of a class that has one by what the class declares.

    The sections *Parameters*, *Input*, *States* and *Raises* are added where they were not written
    by hand, and the *References* of the nearest parent where the class gives none of its own. A
    docstring that was completed before, and taken over by another class, is completed anew.
    """
    text = vars(cls).get("__doc__")
    if not text:
        return
    head, written = sections(_written(text))
    made = {
        "Parameters": _arguments(cls),
        "Input": "\n".join(_entry(declared, "x") for declared in cls.inputs()),
        "States": "\n".join(_entry(declared, n) for n, declared in cls.states().items()),
        "Raises": _refusals(cls),
    }
    found = {title: body for title, body in made.items() if body} | written
    if "References" not in written:
        found |= _inherited(cls)
    if "Examples" in found:
        found["Examples"] = found.pop("Examples")  # the last
    parts = [head, *(f"{title}\n{'-' * len(title)}\n{body}" for title, body in found.items())]
    full = "\n\n".join(parts) + "\n"
    _by_hand[full] = _written(text)
    cls.__doc__ = full


def sections(text: str) -> tuple[str, dict[str, str]]:
    """Split a docstring in NumPy style into what precedes its sections, and these by title."""
    pieces = _HEADING.split(inspect.cleandoc(text))
    titles, bodies = pieces[1::2], pieces[2::2]
    return pieces[0].strip(), {t: b.strip("\n") for t, b in zip(titles, bodies, strict=True)}


def _written(text: str) -> str:
    return _by_hand.get(text, text)


def _inherited(cls: type) -> dict[str, str]:
    for parent in cls.__mro__[1:]:
        references = sections(_written(vars(parent).get("__doc__") or ""))[1].get("References")
        if references:
            return {"References": f"Those of `{parent.__name__}`:\n\n{references}"}
    return {}


def _refusals(cls: type[Component]) -> str:
    if not cls.parameters():
        return ""
    order = "".join(f", or ``{low}`` that is not below ``{high}``" for low, high in cls.below)
    reason = "A value of another dimension, outside of its limits, or of a shape that does not fit"
    return f"ParameterError\n{wrapped(f'{reason}{order}.')}"


def _arguments(cls: type[Component]) -> str:
    declared = cls.arguments()
    if not declared:
        return ""
    leading = [FRAMEWORK[name] for name in cls._leading if name in FRAMEWORK]
    trailing = [FRAMEWORK[name] for name in cls._trailing if name in FRAMEWORK]
    return "\n".join([*leading, *(_entry(d, n) for n, d in declared.items()), *trailing])


@cache
def _entry(declared: Declaration, name: str) -> str:
    kind, meaning = declared.document()
    return f"{name} : {kind}\n{wrapped(meaning)}"


def wrapped(text: str) -> str:
    """Break a text into indented lines (`textwrap` would take half of the time of the import)."""
    lines, line = [], "   "
    for word in text.split():
        if len(line) + len(word) >= WIDTH:
            lines.append(line)
            line = "   "
        line += f" {word}"
    return "\n".join([*lines, line])
