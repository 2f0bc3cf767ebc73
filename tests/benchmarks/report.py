"""Measurements as ratios against a baseline taken in turn with them, beside their goals."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Figure", "interleaved", "percentile", "show"]


@dataclass(frozen=True)
class Figure:
    """One line of the report; ``met`` is None where there is no goal."""

    what: str
    value: str
    goal: str = ""
    met: bool | None = None


def interleaved(
    ours: Callable[[], object], baseline: Callable[[], object], rounds: int
) -> tuple[float, float, float]:
    """Time two callables in turn.

    Returns
    -------
    tuple of float
        Median seconds of each, and the median of the ratios round by round.
    """
    pairs = []
    for callable_ in (ours, baseline):
        callable_()
    for _ in range(rounds):
        pair = []
        for callable_ in (ours, baseline):
            begin = time.perf_counter()
            callable_()
            pair.append(time.perf_counter() - begin)
        pairs.append(pair)
    a, b = zip(*pairs, strict=True)
    ratios = [x / y for x, y in pairs]
    return statistics.median(a), statistics.median(b), statistics.median(ratios)


def percentile(values: list[float], share: float) -> float:
    """Return the value below which this share lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def show(figures: list[Figure]) -> None:
    """Print the report."""
    marks = {True: "met", False: "MISSED", None: ""}
    widths = [max(len(getattr(f, name)) for f in figures) for name in ("what", "value", "goal")]
    for f in figures:
        print(
            f"{f.what:<{widths[0]}}  {f.value:>{widths[1]}}  {f.goal:<{widths[2]}}  {marks[f.met]}",
            flush=True,
        )
