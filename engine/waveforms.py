r"""Stimuli that are given point by point: drawn, typed, or read from a file.

Examples
--------
>>> from engine import LIF, simulate
>>> points = [(0, 0), (100, 0), (400, 2), (400, 0)]
>>> recording = simulate(LIF, stimulus="DrawnWaveform", stimulus__points=points, noise=None)
>>> recording.traces["input"][[0, 2500, 3999, 4000], 0].round(2).tolist()
[0.0, 1.0, 2.0, 0.0]
"""

from __future__ import annotations

import heapq
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import saiunit as u

from engine import boundary
from engine.errors import ParameterError
from engine.inputs import Numbers, Stimulus
from engine.specs import ParameterSpec

__all__ = [
    "MOST_POINTS",
    "DrawnSteps",
    "DrawnWaveform",
    "Loaded",
    "convert",
    "read_points",
    "read_waveform",
    "simplify",
    "write_points",
    "write_waveform",
]

MOST_POINTS = 1000
"""Points of a waveform; a curve with more is thinned to as many, so that a link can carry it."""

Points = tuple[tuple[float, float], ...]
"""Time in ms and value in the unit of the input, in order of time; two at one time are a jump."""


class DrawnWaveform(Stimulus):
    r"""A course that you draw, type or load: straight lines from point to point.

    .. math:: I(t) = I_0 + a\, w(t)

    where :math:`w` runs straight from point to point :math:`(t_k, w_k)`, and stays at the value of
    the first before it and of the last after it.

    Parameters
    ----------
    offset : Quantity or float
        :math:`I_0`.
    gain : float
        :math:`a`.

    Raises
    ------
    ParameterError
        Wrong unit, or not a finite number.

    Notes
    -----
    The points are part of the experiment, ``stimulus.points``. Two points at the same time are a
    jump, which happens in the step that is nearest to it, as an edge of `Step` does. The values of
    all steps are worked out in double precision before the run, so that no number of points has to
    be compiled.
    """

    drawn = True
    formula = r"I(t) = I_0 + a\, w(t), \quad w(t_k) = w_k \text{, straight in between}"
    offset = ParameterSpec(0.0, "I_0", "Added to the drawn course.", soft=(1, 1), of_input=True)
    gain = ParameterSpec(1.0, "a", "The drawn course is multiplied by it.", soft=(-2.0, 4.0))

    @classmethod
    def sample(cls, p: Numbers, t: Any, dt: Any, carry: Any, xi: Any) -> tuple[Any, Any]:
        """Scale and shift the value that was drawn."""
        return p["offset"] + p["gain"] * (0.0 if xi is None else xi), carry

    @classmethod
    def interpolate(cls, points: Points, steps: np.ndarray, dt: float) -> np.ndarray:
        """Give the drawn course at some steps.

        Parameters
        ----------
        points : tuple of (float, float)
            Time in ms and value, in order of time.
        steps : array of int, shape (step,)
            Numbers of the steps.
        dt : float
            The step in ms.

        Returns
        -------
        values : numpy.ndarray, shape (step,)
            ``float32``; zero where there are no points.
        """
        if not points:
            return np.zeros(len(steps), np.float32)
        times, values = np.array(points, float).T
        at = steps * float(dt)
        here = np.searchsorted(times, at + 1e-6 * dt, side="right") - 1
        soon = np.searchsorted(times, at + (0.5 + 1e-6) * dt, side="right") - 1
        jumps = np.concatenate([[0], np.cumsum(times[1:] == times[:-1])])
        here = np.where(jumps[soon] > jumps[here], soon, here)
        return cls._between(times, values, at, here).astype(np.float32)

    @staticmethod
    def _between(times: np.ndarray, values: np.ndarray, at: Any, here: np.ndarray) -> np.ndarray:
        """Give the values at the times ``at``, each after the point of the index ``here``."""
        first, after = np.maximum(here, 0), np.minimum(here + 1, len(times) - 1)
        length = np.where(after > first, times[after] - times[first], 1.0)
        share = np.clip((at - times[first]) / np.where(length > 0, length, 1.0), 0.0, 1.0)
        return values[first] + share * (values[after] - values[first])


class DrawnSteps(DrawnWaveform):
    r"""Levels that you draw, type or load: each is held until the next one.

    .. math:: I(t) = I_0 + a\, w(t)

    where :math:`w = w_k` from the time :math:`t_k` until the next point, and :math:`w_1` before the
    first.

    Parameters
    ----------
    offset : Quantity or float
        :math:`I_0`.
    gain : float
        :math:`a`.

    Raises
    ------
    ParameterError
        Wrong unit, or not a finite number.
    """

    formula = r"I(t) = I_0 + a\, w(t), \quad w(t) = w_k \text{ for } t_k \le t < t_{k+1}"

    @classmethod
    def interpolate(cls, points: Points, steps: np.ndarray, dt: float) -> np.ndarray:
        """Give the level at some steps; see `DrawnWaveform.interpolate`."""
        if not points:
            return np.zeros(len(steps), np.float32)
        times, values = np.array(points, float).T
        soon = np.searchsorted(times, (steps + 0.5 + 1e-6) * float(dt), side="right") - 1
        return values[np.maximum(soon, 0)].astype(np.float32)


# -- points as text --------------------------------------------------------------------------------


def read_points(value: Any, unit: u.Unit, path: str) -> Points:
    """Read points: text such as ``"0:0, 100:2"``, a table with a header, or pairs.

    Parameters
    ----------
    value : str or iterable of pairs
        Time and value, as text with a colon between them, as plain numbers in ms and ``unit``, or
        as quantities. A text of several lines is read by `read_waveform`, and so is a file.
    unit : Unit
        Unit of the values.
    path : str
        Parameter path for the error text.

    Raises
    ------
    ParameterError
        What is no point, a time below zero, or too many.

    Examples
    --------
    >>> read_points("100:2 nA, 0:0", u.nA, "stimulus.points")
    ((0.0, 0.0), (100.0, 2.0))
    """
    if isinstance(value, Path) or (isinstance(value, str) and "\n" in value.strip()):
        return read_waveform(value, unit, path).points
    if isinstance(value, str):
        words = re.sub(r"\s*:\s*|(?<=\d)\s+(?=[^\W\d_])", _tight, value.strip())
        pairs = [word.split(":") for word in re.split(r"[\s;,]+", words) if word]
        bad = next((":".join(pair) for pair in pairs if len(pair) != 2), None)
    else:
        pairs = [p if isinstance(p, Sequence | np.ndarray) else [p] for p in value]
        bad = next((repr(pair) for pair in pairs if len(pair) != 2), None)
    if bad is not None:
        raise ParameterError(
            path, f"{path}: '{bad}' is not a point; write time:value, such as 100:2"
        )
    if len(pairs) > MOST_POINTS:
        raise ParameterError(
            path, f"{path} must be at most {MOST_POINTS:,} points, got {len(pairs):,}"
        )
    points = [(_part(t, u.ms, path), _part(v, unit, path)) for t, v in pairs]
    early = next((t for t, _ in points if t < 0), None)
    if early is not None:
        raise ParameterError(path, f"{path} must not begin before 0 ms, got a point at {early:g}")
    return _in_order(points)


def _tight(match: re.Match[str]) -> str:
    return match[0].strip()


def _part(value: Any, unit: u.Unit, path: str) -> float:
    if isinstance(value, str):
        number = boundary.parse_quantity(value, unit, path)
    elif isinstance(value, u.Quantity):
        number = boundary.to_number(value, unit, path)
    else:
        number = boundary.to_number(value, u.UNITLESS, path)
    boundary.require_finite(number, path)
    return number + 0.0  # no negative zero


def _in_order(points: Iterable[tuple[float, float]]) -> Points:
    """Sort points by time; of several at one time the first and the last are kept."""
    found: list[tuple[float, float]] = []
    for point in sorted(points, key=lambda p: p[0]):
        if len(found) > 1 and found[-2][0] == point[0]:
            found[-1] = point
        else:
            found.append(point)
        if found[-2:-1] == found[-1:]:
            found.pop()
    return tuple(found)


@lru_cache(maxsize=32)
def write_points(points: Points, between: str = ", ") -> str:
    """Write points as `read_points` reads them, as shortly as they can be read back."""
    return between.join(f"{_short(t)}:{_short(v)}" for t, v in points)


def _short(number: float) -> str:
    return repr(float(number)).removesuffix(".0")


# -- fewer points ----------------------------------------------------------------------------------


def simplify(
    times: np.ndarray, values: np.ndarray, most: int = MOST_POINTS, tolerance: float = 0.0
) -> tuple[np.ndarray, float]:
    """Choose the points that straight lines need to follow a curve.

    The point that is farthest from the lines so far is taken next [1]_, until none is farther than
    ``tolerance`` or there are as many as are allowed.

    Parameters
    ----------
    times, values : array, shape (point,)
        The curve, in order of time.
    most : int
        How many points there may be, at least 2.
    tolerance : float
        How far off a curve may be, in the unit of the values.

    Returns
    -------
    chosen : array of int
        Increasing indices.
    error : float
        How far the lines are off at most.

    References
    ----------
    .. [1] Douglas, D. H. and Peucker, T. K. (1973). Algorithms for the reduction of the number of
       points required to represent a digitized line or its caricature. Cartographica 10, 112-122.
       doi:10.3138/FM57-6770-U75U-7727
    """
    times, values = np.asarray(times, float), np.asarray(values, float)
    if len(times) < 3:
        return np.arange(len(times)), 0.0

    def farthest(first: int, last: int) -> tuple[float, int, int, int]:
        t, v = times[first : last + 1], values[first : last + 1]
        length = t[-1] - t[0]
        share = (t - t[0]) / length if length > 0 else np.zeros(len(t))
        off = np.abs(v - (v[0] + share * (v[-1] - v[0])))
        off[0] = off[-1] = -1.0
        at = int(off.argmax())
        return (-float(off[at]), first, first + at, last)

    chosen, waiting = [0, len(times) - 1], [farthest(0, len(times) - 1)]
    while waiting and len(chosen) < most and -waiting[0][0] > max(tolerance, 0.0):
        _, first, at, last = heapq.heappop(waiting)
        chosen.append(at)
        for low, high in ((first, at), (at, last)):
            if high - low > 1:
                heapq.heappush(waiting, farthest(low, high))
    error = max(0.0, -waiting[0][0]) if waiting else 0.0
    return np.array(sorted(chosen)), error


def _rounded(points: Iterable[tuple[float, float]]) -> Points:
    return _in_order((float(f"{t:.6g}"), float(f"{v:.6g}") + 0.0) for t, v in points)


# -- from another stimulus -------------------------------------------------------------------------


def convert(
    kind: type[Stimulus],
    numbers: Numbers,
    points: Points,
    target: type[Stimulus],
    duration: float,
    dt: float,
    seed: int = 0,
) -> Points:
    """Give the points with which a drawn stimulus does what another one did.

    Parameters
    ----------
    kind : type
        The stimulus until now.
    numbers : dict of str to float
        Its parameters, in the unit of the input, ms and Hz.
    points : tuple of (float, float)
        Its points, where it is a drawn one itself.
    target : type
        The drawn stimulus that takes its place.
    duration, dt : float
        How long the run is, and its step, in ms.
    seed : int
        Seed of a random stimulus, of which one course is kept.

    Returns
    -------
    points : tuple of (float, float)
        Exact for what is made of straight lines, else off by a thousandth of its range where
        `MOST_POINTS` allow it.
    """
    corners = kind.corners(numbers, duration)
    if kind.drawn:
        found = [*points] if kind is not DrawnSteps else [*_with_jumps(points)]
    elif corners is not None and len(corners) <= MOST_POINTS:
        found = corners
    else:
        step = max(dt, duration / 20_000)
        times = np.arange(0.0, duration + step / 2, step)
        values = kind(**_given(kind, numbers)).values(times, step, seed=seed)[:, 0]
        chosen, _ = simplify(times, values, tolerance=1e-3 * float(np.ptp(values)))
        found = list(zip(times[chosen].tolist(), values[chosen].tolist(), strict=True))
    if target is DrawnSteps and kind is not DrawnSteps:
        found = list(_as_levels(found))
    return _rounded(found)[:MOST_POINTS]


def _given(kind: type[Stimulus], numbers: Numbers) -> dict[str, Any]:
    specs = kind.parameters()
    return {n: v if s.of_input else s.quantity(v) for n, s in specs.items() for v in [numbers[n]]}


def _with_jumps(points: Points) -> Iterator[tuple[float, float]]:
    """Turn levels that are held into straight lines with jumps."""
    for index, (t, v) in enumerate(points):
        if index and points[index - 1][1] != v:
            yield (t, points[index - 1][1])
        yield (t, v)


PIECES = 32
"""Levels that stand for a sloping line."""


def _as_levels(points: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Turn straight lines into levels that are held."""
    pieces = max(1, min(PIECES, MOST_POINTS // max(len(points), 1)))
    level = math.nan
    for (t, v), (later, w) in zip(points, [*points[1:], points[-1]][: len(points)], strict=True):
        if later == t and (later, w) != (t, v):
            continue  # the next point holds from the same time on
        many = pieces if w != v else 1
        for piece in range(many):
            value = v + (w - v) * ((piece + 0.5) / many if many > 1 else 0.0)
            if value != level:
                yield (t + (later - t) * piece / many, value)
            level = value


# -- files -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Loaded:
    """A waveform that was read.

    Attributes
    ----------
    points : tuple of (float, float)
        Time in ms and value in the unit that was asked for.
    rows : int
        How many there were in the file.
    error : float
        How far the points are off at most, where there were too many.
    note : str
        That in a sentence, where something was left out.
    """

    points: Points
    rows: int
    error: float = 0.0
    note: str = ""


LARGEST_TEXT = 10_000_000
"""Signs of a file that is read: more than a million rows."""
EXAMPLE = "time (ms), current (nA)"
_COLUMN = re.compile(r"(.*?)\s*(?:\(([^()]*)\)|\[([^\[\]]*)\]|/\s*(\S+))?\s*")


def read_waveform(source: str | Path, unit: u.Unit, path: str = "waveform") -> Loaded:
    r"""Read a table of times and values.

    The first line names two columns with their units, such as ``time (ms), current (nA)`` or ``t
    [s]; I [pA]``; the rows follow. Between columns stands a tab, a semicolon or a comma, and where
    it is no comma the numbers may have a decimal comma. Lines that begin with ``#`` or ``%`` are
    comments.

    Parameters
    ----------
    source : str or Path
        The text, or the path of a file.
    unit : Unit
        Unit that the values are wanted in.
    path : str
        Put before the sentence of an error.

    Returns
    -------
    Loaded
        The points; `MOST_POINTS` of them at most.

    Raises
    ------
    ParameterError
        What cannot be read, with the number of its line.

    Examples
    --------
    >>> read_waveform("t [s]; I [pA]\n0; 0\n0,1; 250", u.nA).points
    ((0.0, 0.0), (100.0, 0.25))
    """

    def refuse(sentence: str, line: int | None = None) -> ParameterError:
        where = f"{path}, line {line}" if line else path
        return ParameterError(path, f"{where}: {sentence}")

    text = _text_of(source, refuse)
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    lines = [(number, line) for number, line in lines if line and line[0] not in "#%"]
    if not lines:
        raise refuse(f"there is nothing to read; begin with a line such as '{EXAMPLE}'")
    (top, header), *rows = lines
    separator = next((sign for sign in "\t;," if sign in header), None)
    if not re.search(r"[^\W\d_]", header.replace("e", "").replace("E", "")):
        raise refuse(f"the first line must name the columns, such as '{EXAMPLE}'", top)
    columns = [part.strip().strip("\"'") for part in header.split(separator)]
    if separator is None or len(columns) != 2:
        raise refuse(f"there must be two columns, such as '{EXAMPLE}', got '{header[:60]}'", top)
    units = [_unit_of(column, unit, lambda s: refuse(s, top)) for column in columns]
    is_time = [known.dim == u.ms.dim for known in units]
    if sum(is_time) != 1:
        many = "both columns are times" if all(is_time) else "no column is a time"
        raise refuse(f"{many}; write a header such as '{EXAMPLE}'", top)
    time_at = is_time.index(True)
    given = units[1 - time_at]
    if given.dim != unit.dim:
        raise refuse(
            f"the input is {boundary.dimension_word(unit)} and the column "
            f"'{columns[1 - time_at]}' is {boundary.dimension_word(given)}; write it in "
            f"{boundary.unit_text(unit) or 'plain numbers, without a unit'}",
            top,
        )
    table = np.empty((len(rows), 2))
    latest = -math.inf
    for row, (number, line) in enumerate(rows):
        parts = line.split(separator)
        if len(parts) != 2:
            raise refuse(f"there must be two values, got {len(parts)}: '{line[:60]}'", number)
        for column, part in enumerate(parts):
            table[row, column] = _cell(part, separator, lambda s, n=number: refuse(s, n))
        now = table[row, time_at]
        if now < 0:
            raise refuse(f"the time must not be below 0, got {now:g}", number)
        if now < latest:
            raise refuse(f"times must not go back, got {now:g} after {latest:g}", number)
        latest = now
    if not rows:
        raise refuse("there are no numbers under the header", top)
    times = table[:, time_at] * (units[time_at].magnitude / u.ms.magnitude)
    values = table[:, 1 - time_at] * (given.magnitude / unit.magnitude)
    return _thinned(times, values, boundary.unit_text(unit))


def _text_of(source: str | Path, refuse: Any) -> str:
    text = str(source)
    if isinstance(source, Path) or (text.strip() and "\n" not in text and _is_file(text)):
        try:
            text = Path(source).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not a text"
            raise refuse(f"the file cannot be read: {reason}") from None
    if len(text) > LARGEST_TEXT:
        raise refuse(f"the text has more than {LARGEST_TEXT:,} signs; keep what you need of it")
    return text.removeprefix("\ufeff")


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False


def _unit_of(column: str, unit: u.Unit, refuse: Any) -> u.Unit:
    match = _COLUMN.fullmatch(column)
    text = next((part for part in match.groups()[1:] if part is not None), None) if match else None
    if text is None or text.strip() in ("", "1"):
        if unit.is_unitless and not re.match(r"t(ime)?\b", column.lower()):
            return unit
        raise refuse(f"the column '{column[:40]}' has no unit; write e.g. '{EXAMPLE}'")
    known = boundary.known_unit(text)
    if known is None:
        raise refuse(f"'{text[:20]}' is not a known unit; write e.g. '{EXAMPLE}'")
    return known


def _cell(text: str, separator: str, refuse: Any) -> float:
    cleaned = text.strip().strip("\"'").replace("\u2212", "-")
    if separator != ",":
        cleaned = cleaned.replace(",", ".")
    try:
        number = float(cleaned)
    except ValueError:
        shown = text.strip()[:40]
        raise refuse(f"'{shown}' is not a number" if shown else "a value is missing") from None
    if not math.isfinite(number) or abs(number) > boundary.LARGEST:
        raise refuse(f"'{cleaned}' is not a finite number")
    return number


def _thinned(times: np.ndarray, values: np.ndarray, unit: str) -> Loaded:
    points = _in_order(zip(times.tolist(), (values + 0.0).tolist(), strict=True))
    if len(points) <= MOST_POINTS:
        return Loaded(points, len(times))
    every = np.array(points)
    chosen, error = simplify(every[:, 0], every[:, 1])
    kept = _rounded(map(tuple, every[chosen].tolist()))
    off = f"{error:.2g} {unit}".strip()
    note = (
        f"The waveform was thinned from {len(times):,} rows to {len(kept):,} points; it is nowhere "
        f"off by more than {off}."
    )
    return Loaded(kept, len(times), error, note if error > 0 else "")


def write_waveform(points: Points, unit: u.Unit) -> str:
    """Write points as a table that `read_waveform` reads.

    Examples
    --------
    >>> print(write_waveform(((0.0, 0.0), (100.0, 2.5)), u.nA))
    time (ms), input (nA)
    0, 0
    100, 2.5
    """
    text = boundary.unit_text(unit)
    rows = [f"{_short(t)}, {_short(v)}" for t, v in points]
    return "\n".join([f"time (ms), input{f' ({text})' if text else ''}", *rows])
