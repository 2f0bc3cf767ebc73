"""LaTeX of the declarations as MathML, which browsers and screen readers read without a script."""

from __future__ import annotations

from functools import lru_cache

from latex2mathml.converter import convert

__all__ = ["equation", "symbol"]


@lru_cache(maxsize=1024)
def symbol(latex: str) -> str:
    """Typeset a symbol for a line of text; empty for an empty one."""
    return convert(latex) if latex else ""


@lru_cache(maxsize=256)
def equation(latex: str) -> str:
    r"""Typeset an equation; one that joins several with ``\quad`` gets a line for each."""
    lines = [part.strip().rstrip(",") for part in latex.split(r"\quad")]
    return "".join(convert(line, display="block") for line in lines if line)
