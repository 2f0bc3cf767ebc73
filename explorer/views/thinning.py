"""Fewer points than pixels need, none that anyone could miss."""

from __future__ import annotations

import numpy as np

__all__ = ["broken_line", "min_max", "nice_range"]


def min_max(y: np.ndarray, columns: int) -> np.ndarray:
    """Choose the samples that a plot of this width has to draw.

    Parameters
    ----------
    y : array, shape (time,)
        Evenly spaced samples.
    columns : int
        Width of the plot in pixels.

    Returns
    -------
    array of int
        Increasing indices: the least and the greatest sample of every column, and both ends. A
        spike of one sample is always among them.
    """
    bucket = -(-len(y) // max(columns, 1))
    if bucket <= 2:
        return np.arange(len(y))
    whole = len(y) // bucket * bucket
    rows = y[:whole].reshape(-1, bucket)
    start = np.arange(0, whole, bucket)
    chosen = np.concatenate(
        [[0, len(y) - 1], start + rows.argmin(axis=1), start + rows.argmax(axis=1)]
    )
    if whole < len(y):
        rest = y[whole:]
        chosen = np.append(chosen, [whole + rest.argmin(), whole + rest.argmax()])
    return np.unique(chosen)


def broken_line(x: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Join vertical strokes to one line with gaps, which a canvas draws in a single pass.

    Parameters
    ----------
    x, low, high : array, shape (stroke,)
        Where each stroke stands, begins and ends.

    Returns
    -------
    tuple of array, shape (3 * stroke,)
        The line; NaN breaks it after every stroke.
    """
    xs = np.repeat(np.asarray(x, np.float32), 3)
    ys = np.empty(len(xs), np.float32)
    ys[0::3], ys[1::3], ys[2::3] = low, high, np.nan
    return xs, ys


def nice_range(low: float, high: float, now: tuple[float, float] | None) -> tuple[float, float]:
    """Choose the range of an axis so that it holds still while a slider moves.

    The present range is kept as long as the data fit and fill more than half of it. An end at zero
    stays at zero.

    Parameters
    ----------
    low, high : float
        Least and greatest value to be shown.
    now : (float, float), optional
        The present range.
    """
    if not np.isfinite(low) or not np.isfinite(high):
        return now or (0.0, 1.0)
    span = high - low
    if span <= 0:
        span = max(abs(high), 1.0)
        low, high = low - span / 2, high + span / 2
    if now is not None:
        inside = now[0] <= low and high <= now[1]
        if inside and high - low > 0.5 * (now[1] - now[0]):
            return now
    step = 10.0 ** np.floor(np.log10(span)) / 4
    bottom = 0.0 if low == 0 else float(np.floor((low - 0.04 * span) / step) * step)
    top = 0.0 if high == 0 else float(np.ceil((high + 0.04 * span) / step) * step)
    return bottom, top
