"""LaTeX of the declarations as MathML, which browsers and screen readers read without a script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from xml.etree import ElementTree

from latex2mathml.converter import convert

from engine.specs import Component

__all__ = ["equation", "equation_of", "symbol", "unit"]

LONGEST_LINE = 26
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


Symbols = tuple[tuple[str, str], ...]
"""LaTeX of symbols, each with the paths of what it stands for, blanks between them."""


@lru_cache(maxsize=256)
def equation(latex: str, symbols: Symbols = ()) -> str:
    r"""Typeset an equation; one that joins several with ``\quad`` gets a line for each.

    A sum that is too long for a line goes on in the next. Where one of ``symbols`` stands, its
    element has the attribute ``data-path``.
    """
    lines = [part.strip().rstrip(",") for part in latex.split(r"\quad")]
    return "".join(_line(part, symbols) for line in lines if line for part in _broken(line))


@lru_cache(maxsize=256)
def equation_of(declared: type[Component], latex: str, prefixes: tuple[str, ...] = ("",)) -> str:
    """Typeset an equation of a component, with its parameters marked.

    Parameters
    ----------
    declared : type
        The component.
    latex : str
        The equation.
    prefixes : tuple of str
        What precedes the names of its parameters in their paths; several where the same equation
        stands for several parts of an experiment.
    """
    specs = declared.parameters().items()
    symbols = ((s.symbol, " ".join(f"{p}{name}" for p in prefixes)) for name, s in specs)
    return equation(latex, tuple(each for each in symbols if each[0]))


def _line(latex: str, symbols: Symbols) -> str:
    formula = convert(latex, display="block")
    if symbols:
        root = ElementTree.fromstring(formula)
        for owner, paths in symbols:
            _mark(root, _parsed(owner), paths)
        formula = ElementTree.tostring(root, encoding="unicode")
    return f'<div class="line">{formula}</div>'


# -- symbols within a formula ------------------------------------------------------------------

_SPACE = "http://www.w3.org/1998/Math/MathML"
_ROW, _FRACTION = f"{{{_SPACE}}}mrow", f"{{{_SPACE}}}mfrac"
_POWER = f"{{{_SPACE}}}msup"
_WHOLE = frozenset(
    f"{{{_SPACE}}}{name}" for name in ("msub", "msubsup", "munder", "mover", "munderover")
)
"""What has a part of a name in it: the T of a V with a T below is no T."""

ElementTree.register_namespace("", _SPACE)


@lru_cache(maxsize=256)
def _parsed(latex: str) -> tuple[bytes, ...]:
    """Return what a symbol is written with, one element after the other."""
    row = ElementTree.fromstring(convert(latex))[0]
    return tuple(ElementTree.tostring(each) for each in row)


def _mark(node: ElementTree.Element, parts: tuple[bytes, ...], paths: str) -> None:
    """Give every place where a symbol stands the paths of what it stands for."""
    for row in _rows(node):
        index = 0
        while index + len(parts) <= len(row):
            found = row[index : index + len(parts)]
            if tuple(map(ElementTree.tostring, found)) == parts:
                if len(found) > 1:
                    group = ElementTree.Element(_ROW)
                    group.extend(found)
                    row[index : index + len(parts)] = [group]
                row[index].set("data-path", paths)
            index += 1


def _rows(node: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """Go through what may hold a symbol: not the names of others, and no derivative."""
    if node.tag in _WHOLE or node.get("data-path") or (node.tag == _FRACTION and _is_rate(node)):
        return
    yield node
    for child in [*node][:1] if node.tag == _POWER else [*node]:
        yield from _rows(child)


def _is_rate(fraction: ElementTree.Element) -> bool:
    """Whether it is d something by d something."""
    return all(len(part) > 1 and part[0].text == "d" for part in fraction)


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
    """Estimate how many letters wide a formula is: an operator is two, braces are none."""
    part = r"[^{}]*(?:\{[^{}]*\}[^{}]*)*"  # braces within braces, once
    over = re.sub(rf"\\frac\{{({part})\}}\{{{part}\}}", r"\1", latex)
    spelled = re.sub(r"\\(exp|tanh|cosh|min|max|ln)\b", r"\1", over)
    silent = re.sub(r"\\(mathrm|text|left|right)\b|[\s{}^_]", "", spelled)
    letters = re.sub(r"\\[a-zA-Z]+", "x", silent)
    return len(letters) + sum(map(letters.count, "+-="))
