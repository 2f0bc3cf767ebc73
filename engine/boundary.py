"""The only place where units are attached and stripped and values become canonical ``float32``.

Inside the engine quantities travel as saiunit quantities; at its edge (sliders, URLs, files,
recorded arrays) as plain numbers whose unit is written in the parameter's declaration.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
import saiunit as u
from jax.core import Tracer

from engine.errors import ParameterError

if TYPE_CHECKING:
    from engine.specs import ParameterSpec

__all__ = [
    "attach",
    "check_parameter",
    "dimension_word",
    "known_unit",
    "parse_quantity",
    "require_finite",
    "strip",
    "to_number",
    "unit_text",
]

# How units are written. Representations of saiunit differ between its versions, so they are never
# printed or parsed: a unit has a name because it stands in this table.
UNITS: dict[str, Any] = {
    "": u.UNITLESS,
    "s": u.second,
    "ms": u.ms,
    "us": u.us,
    "V": u.volt,
    "mV": u.mV,
    "A": u.amp,
    "mA": u.mA,
    "uA": u.uA,
    "nA": u.nA,
    "pA": u.pA,
    "ohm": u.ohm,
    "kohm": u.kohm,
    "Mohm": u.Mohm,
    "S": u.siemens,
    "mS": u.mS,
    "uS": u.uS,
    "nS": u.nS,
    "uF": u.ufarad,
    "nF": u.nfarad,
    "pF": u.pfarad,
    "Hz": u.Hz,
    "kHz": u.kHz,
    "mM": u.mM,
    "mV/ms": u.mV / u.ms,
    "1/ms": u.ms**-1,
    "1/mV": u.mV**-1,
    "1/(ms mV)": u.ms**-1 * u.mV**-1,
    "1/(mM ms)": u.mM**-1 * u.ms**-1,
}
_SPELLINGS = {"\u00b5": "u", "\u03bc": "u", "\u03a9": "ohm", "\u2126": "ohm"}
_DIMENSION_WORDS = {
    "ms": "a time",
    "mV": "a potential",
    "mA": "a current",
    "ohm": "a resistance",
    "mS": "a conductance",
    "uF": "a capacitance",
    "Hz": "a rate",
    "mV/ms": "a potential per time",
    "mM": "a concentration",
}
LARGEST = 1e37
"""A little below the largest number of single precision, so that sums stay finite too."""
_THOUSANDS = re.compile(r"(?<![\d.])[1-9]\d{0,2}(,\d{3})+(?!\d)")
_NUMBER = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*?)\s*")


def unit_text(unit: u.Unit) -> str:
    """Return how a unit is written, e.g. ``"mV/ms"``."""
    for text, known in UNITS.items():
        if known.dim == unit.dim and math.isclose(known.magnitude, unit.magnitude, rel_tol=1e-9):
            return text
    return str(unit)


def known_unit(text: str) -> Any:
    """Return the unit that is written so, or None."""
    text = text.strip()
    for foreign, ours in _SPELLINGS.items():
        text = text.replace(foreign, ours)
    return UNITS.get(f"1{text}" if text.startswith("/") else text)  # "0.2/ms"


def dimension_word(unit: u.Unit) -> str:
    """Return what a unit measures, e.g. ``"a time"``."""
    for text, word in _DIMENSION_WORDS.items():
        if UNITS[text].dim == unit.dim:
            return word
    return f"a quantity in {unit_text(unit)}" if unit_text(unit) else "a plain number"


def attach(number: Any, unit: u.Unit) -> Any:
    """Attach a unit to a number or array; without a unit it stays plain."""
    return number if unit.is_unitless else u.Quantity(number, unit=unit)


def strip(value: Any, unit: u.Unit) -> Any:
    """Give the mantissa of ``value`` in ``unit`` (a plain value is taken to be in it already)."""
    if isinstance(value, u.Quantity):
        return value.to_decimal(unit)
    return value


def show(value: Any) -> str:
    """Write a value the way a user would: ``10 mV``."""
    if isinstance(value, u.Quantity):
        mantissa = np.asarray(u.get_mantissa(value))
        number = f"{mantissa.item():g}" if mantissa.size == 1 else "an array"
        return f"{number} {unit_text(u.get_unit(value))}".strip()
    return f"{value:g}" if isinstance(value, int | float | np.number) else repr(value)


def require_finite(number: float, path: str) -> None:
    """Raise ParameterError for NaN, infinities, and what single precision cannot hold."""
    if not math.isfinite(number):
        raise ParameterError(path, f"{path} must be a finite number, got {number}")
    if abs(number) > LARGEST:
        raise ParameterError(path, f"{path} must be at most {LARGEST:g}, got {number:g}")


def to_number(value: Any, unit: u.Unit, path: str, text: str = "") -> float:
    """Turn a quantity into a plain number in ``unit``.

    Parameters
    ----------
    value : Quantity, float or array of one element
        A plain number is accepted only where ``unit`` is none.
    unit : Unit
        The unit of the result.
    path : str
        Parameter path for the error text.
    text : str, optional
        How the unit is written.

    Raises
    ------
    ParameterError
        Wrong dimension, not a number, or an array.
    """
    text = text or unit_text(unit)
    if isinstance(value, bool) or value is None or isinstance(value, str):
        raise ParameterError(path, f"{path} must be {dimension_word(unit)}, got {value!r}")
    if not isinstance(value, u.Quantity | int | float | np.generic | np.ndarray | jax.Array):
        raise ParameterError(
            path, f"{path} must be {dimension_word(unit)}, got a {type(value).__name__}"
        )
    if np.size(u.get_mantissa(value)) != 1:
        raise ParameterError(path, f"{path} must be a single number, got an array")
    if u.get_unit(value).dim != unit.dim:
        plain = not isinstance(value, u.Quantity) or u.get_unit(value).is_unitless
        fix = (
            f"; write {float(u.get_mantissa(value)):g} * u.{text}"
            if plain and text.isidentifier()
            else ""
        )
        got = f"the plain number {show(value)}" if plain else show(value)
        raise ParameterError(path, f"{path} must be {dimension_word(unit)}, got {got}{fix}")
    mantissa = value.to_decimal(unit) if isinstance(value, u.Quantity) else value
    return float(np.asarray(mantissa).item())


def check_parameter(value: Any, spec: ParameterSpec, path: str) -> Any:
    """Check a constructor argument: right dimension, finite, inside its hard range.

    Scalars, arrays over the population, initializers (callables) and traced values all pass
    through; what can be known is checked, the rest (traced values) was checked before the trace.
    """
    if callable(value) and not isinstance(value, u.Quantity):
        return value
    if isinstance(value, list | tuple):
        value = u.math.asarray(value)
    unit = u.get_unit(value) if isinstance(value, u.Quantity) else u.UNITLESS
    mantissa = u.get_mantissa(value)
    if unit.dim != spec.unit.dim:
        if isinstance(mantissa, Tracer):
            raise ParameterError(path, f"{path} must be {dimension_word(spec.unit)}")
        if np.size(mantissa) == 1:
            to_number(value, spec.unit, path, spec.unit_text)
        raise ParameterError(path, f"{path} must be {dimension_word(spec.unit)}, got {show(value)}")
    if isinstance(mantissa, Tracer):
        return value
    if np.asarray(mantissa).dtype.kind not in "fiu":
        raise ParameterError(path, f"{path} must be {dimension_word(spec.unit)}, got {value!r}")
    numbers = np.asarray(strip(value, spec.unit), dtype=float).ravel()
    if not numbers.size:
        raise ParameterError(path, f"{path} must fit the population, got an array without values")
    extremes = numbers if numbers.size == 1 else [numbers.min(), numbers.max()]
    if spec.hard.open_zero and not numbers.all():
        extremes = [0.0]
    for number in extremes:
        spec.check(float(number), path)
    if not isinstance(value, u.Quantity) and np.asarray(value).dtype.kind in "iu":
        value = np.asarray(value, dtype=np.float32) if np.ndim(value) else float(value)
    return value


def parse_quantity(text: str, unit: u.Unit, path: str) -> float:
    """Read a typed value such as ``"20"``, ``"20 ms"`` or ``"0.02s"`` as a number in ``unit``.

    A number without a unit is taken in ``unit``.

    Raises
    ------
    ParameterError
        Not a number, an unknown unit, or a unit of another dimension.
    """
    expected = unit_text(unit)
    example = f"20 {expected}".strip()
    cleaned = text.strip().replace("\u2212", "-").replace(",", ".")
    if cleaned.lower() in {"nan", "inf", "+inf", "-inf", "infinity"}:
        raise ParameterError(path, f"{path} must be a finite number, got {text.strip()}")
    if _THOUSANDS.search(text):
        raise ParameterError(
            path, f"{path}: '{text.strip()}' can be read in two ways; write it without a comma"
        )
    match = _NUMBER.fullmatch(cleaned)
    if match is None:
        raise ParameterError(
            path, f"{path}: '{text.strip()}' is not a number; write e.g. {example}"
        )
    number, suffix = float(match[1]), match[2]
    require_finite(number, path)
    if not suffix:
        return number
    given = known_unit(suffix)
    if given is None:
        wanted = f"write it in {expected}" if expected else "it has no unit"
        raise ParameterError(path, f"{path}: '{suffix}' is not a known unit; {wanted}")
    if given.dim != unit.dim:
        raise ParameterError(
            path, f"{path} must be {dimension_word(unit)}, got {number:g} {suffix}; write {example}"
        )
    return float(number * (given.magnitude / unit.magnitude))
