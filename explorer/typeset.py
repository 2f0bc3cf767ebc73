"""LaTeX of the declarations as MathML, which browsers and screen readers read without a script."""

from __future__ import annotations

import re
from functools import lru_cache

from latex2mathml.converter import convert

__all__ = ["equation", "symbol", "unit"]

LONGEST_LINE = 34
"""About how many characters of an equation fit into a line of the insight column."""


@lru_cache(maxsize=1024)
def symbol(latex: str) -> str:
    """Typeset a symbol for a line of text; empty for an empty one."""
    return convert(latex) if latex else ""


def unit(text: str) -> str:
    """Write a unit with the signs of print rather than those of the keyboard."""
    for plain, sign in (("Mohm", "MΩ"), ("kohm", "kΩ"), ("ohm", "Ω"), ("uS", "µS"), ("uA", "µA")):
        text = text.replace(plain, sign)
    return "µs" if text == "us" else text


@lru_cache(maxsize=256)
def equation(latex: str) -> str:
    r"""Typeset an equation; one that joins several with ``\quad`` gets a line for each.

    A sum that is too long for a line goes on in the next.
    """
    lines = [part.strip().rstrip(",") for part in latex.split(r"\quad")]
    return "".join(_line(part) for line in lines if line for part in _broken(line))


def _line(latex: str) -> str:
    return f'<div class="line">{convert(latex, display="block")}</div>'


def _broken(latex: str) -> list[str]:
    """Break a long sum before the signs that stand outside of all brackets."""
    if _width(latex) <= LONGEST_LINE:
        return [latex]
    depth, start, terms = 0, 0, []
    for place, sign in enumerate(latex):
        depth += (sign in "({") - (sign in ")}")
        if sign in "+-" and not depth and latex[place - 1 : place + 2] == f" {sign} ":
            terms.append(latex[start:place])
            start = place
    lines = [""]
    for term in [*terms, latex[start:]]:
        if lines[-1] and _width(lines[-1] + term) > LONGEST_LINE:
            lines.append(r"\qquad ")
        lines[-1] += term
    return lines


def _width(latex: str) -> int:
    """About how many characters wide a formula is: commands count as one, brackets as none."""
    over = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"\1", latex)
    return len(
        re.sub(r"[\s{}^_]|\\mathrm|\\text", "", re.sub(r"\\(?!mathrm|text)[a-zA-Z]+", "x", over))
    )
