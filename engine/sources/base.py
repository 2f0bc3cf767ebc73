"""What all sources share: their shape, their step count, their random numbers, their checks."""

from __future__ import annotations

from typing import Any

import brainstate
import jax.numpy as jnp
import numpy as np
import saiunit as u
from jax.core import Tracer

from engine import boundary
from engine.dynamics import Dynamics
from engine.errors import ParameterError
from engine.specs import FREE, NON_NEGATIVE, Interval

__all__ = [
    "Source",
    "backend",
    "checked",
    "clipped",
    "first_step",
    "in_a_row",
    "is_traced",
    "slack",
]

LAST_STEP = 2**30
"""Where a time that never comes, such as an infinite duration, is put."""


class Source(Dynamics):
    """Something that gives spikes or currents and takes no input.

    A source gives an array in the shape of the population; after ``init_state(batch_size)`` with
    the batch in front: random sources draw every entry on their own, the others repeat themselves.
    """

    _batch_size: int | None = None
    _rng: Any = None

    def init_state(self, batch_size: int | None = None, *, rng: Any = None, **options: Any) -> None:
        """Set the batch; see `Dynamics.init_state`.

        Parameters
        ----------
        batch_size : int, optional
            Length of a leading batch axis; none by default.
        rng : brainstate.random.RandomState, optional
            Where a random source draws from; `brainstate.random` by default.
        """
        self._batch_size, self._rng = batch_size, rng
        super().init_state(batch_size, rng=rng, **options)

    def reset_state(
        self, batch_size: int | None = None, *, rng: Any = None, **options: Any
    ) -> None:
        """Start again; batch and source of randomness are kept unless given."""
        self._batch_size = self._batch_size if batch_size is None else batch_size
        self._rng = self._rng if rng is None else rng
        super().reset_state(batch_size, rng=rng, **options)

    @property
    def random(self) -> Any:
        """Where random numbers come from."""
        return brainstate.random if self._rng is None else self._rng

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of what the source gives."""
        return self._state_shape(self._batch_size)

    @property
    def step_index(self) -> Any:
        """Number of the step, from the environment's ``t``, or ``i`` where there is none."""
        i = brainstate.environ.get("i", None)
        if brainstate.environ.get("t", None) is None and i is not None:
            return i
        return self.step_of(self.t)

    def step_of(self, time: Any) -> Any:
        """Give the number of the step that is nearest to ``time``."""
        steps = boundary.strip(self._as_time(time, "t") / self.dt, u.UNITLESS)
        return clipped(backend(steps).round(steps))

    @property
    def now(self) -> Any:
        """The time at the start of the step, in milliseconds, as a plain number."""
        return boundary.strip(self._as_time(self.t, "t"), u.ms)

    def _as_time(self, time: Any, path: str) -> Any:
        if u.get_unit(time).dim != u.ms.dim:
            raise ParameterError(path, f"{path} must be a time, got {boundary.show(time)}")
        return time

    def _path(self, name: str) -> str:
        return f"{type(self).__name__}.{name}"

    def _time(self, name: str, value: Any, allowed: Interval = NON_NEGATIVE) -> Any:
        """Check an argument that is a time."""
        return self._fitting(name, checked(value, self._path(name), u.ms, allowed))

    def _like(self, name: str, value: Any, other: Any) -> Any:
        """Check an argument that has the dimension of ``other``."""
        value = checked(value, self._path(name), u.get_unit(other))
        return self._fitting(name, value)

    def _fitting(self, name: str, value: Any) -> Any:
        _require_fitting(u.math.shape(value), self.varshape, self._path(name))
        return value

    def _spread(self, numbers: Any, unit: u.Unit) -> Any:
        """Give plain numbers the shape of the population, and their unit."""
        dtype = brainstate.environ.dftype()
        return boundary.attach(jnp.broadcast_to(jnp.asarray(numbers, dtype), self.shape), unit)

    def _within(self, on: Any, value: Any) -> Any:
        """Give ``value`` where ``on``, and zero elsewhere."""
        unit = u.get_unit(value)
        return self._spread(jnp.where(on, boundary.strip(value, unit), 0.0), unit)


def is_traced(*values: Any) -> bool:
    """Whether any of the values is only known inside a compiled program."""
    return any(isinstance(u.get_mantissa(value), Tracer) for value in values)


def first_step(time: Any, dt: Any) -> Any:
    """Give the number of the first step that starts at ``time`` or later.

    A time that is a whole number of steps up to the precision of its numbers is that number: 0.3 ms
    are three steps of 0.1 ms, although the quotient of the two is a little more than 3.
    """
    steps = boundary.strip(time / dt, u.UNITLESS)
    return clipped(backend(steps).ceil(steps - slack(steps)))


def slack(steps: Any) -> Any:
    """Give how far from a whole number of steps a quotient of two times may be by rounding."""
    xp = backend(steps)
    return xp.minimum(1e-4 + 2.4e-7 * xp.abs(steps), 0.5)


def clipped(steps: Any) -> Any:
    """Turn whole numbers of steps into integers."""
    return backend(steps).clip(steps, -1, LAST_STEP).astype(np.int32)


def backend(value: Any) -> Any:
    """Give numpy, which counts in double precision, where a value is known, else jax."""
    return jnp if is_traced(value) else np


def checked(value: Any, path: str, unit: u.Unit | None = None, allowed: Interval = FREE) -> Any:
    """Check an argument that is a number or an array, with or without a unit.

    Parameters
    ----------
    value : Quantity, number, array or list of such
        What came. Traced values are checked as far as they are known.
    path : str
        Parameter path for the error text.
    unit : Unit, optional
        A unit of the dimension that is expected; any if not given.
    allowed : Interval
        The numbers that are accepted, in ``unit``; infinite times are.

    Raises
    ------
    ParameterError
        Not numbers, of another dimension, or outside ``allowed``.
    """
    value = _joined(value, path) if isinstance(value, list | tuple) else value
    expected = "a number or a quantity" if unit is None else boundary.dimension_word(unit)
    numbers = u.get_mantissa(value)
    if isinstance(value, bool | str | bytes) or value is None or callable(value):
        raise ParameterError(path, f"{path} must be {expected}, got {value!r}")
    if not is_traced(numbers) and np.asarray(numbers).dtype.kind not in "fiu":
        raise ParameterError(path, f"{path} must be {expected}, got a {type(value).__name__}")
    given = u.get_unit(value)
    if unit is not None and given.dim != unit.dim:
        plain = given.is_unitless and np.size(numbers) == 1 and not is_traced(numbers)
        if plain:
            boundary.to_number(
                np.asarray(numbers).item(), unit, path
            )  # it knows what to write instead
        got = "a plain number" if given.is_unitless else f"one in {boundary.unit_text(given)}"
        raise ParameterError(path, f"{path} must be {expected}, got {got}")
    if is_traced(numbers):
        return value
    inside = np.asarray(numbers if unit is None else boundary.strip(value, unit), float)
    if np.isnan(inside).any():
        raise ParameterError(path, f"{path} must not hold NaN")
    for number in (inside.min(), inside.max()) if inside.size else ():
        if not allowed.contains(number):
            text = "" if unit is None else boundary.unit_text(unit)
            wanted = allowed.describe(text)
            raise ParameterError(path, f"{path} must be {wanted}, got {number:g} {text}".rstrip())
    return value


def in_a_row(value: Any, path: str) -> Any:
    """Refuse what is not one-dimensional."""
    if len(u.math.shape(value)) != 1:
        raise ParameterError(
            path, f"{path} must be a list or a 1-D array, got shape {u.math.shape(value)}"
        )
    return value


def _joined(values: Any, path: str) -> Any:
    """Turn a list of numbers or quantities, or of lists of such, into one array."""
    parts = [_joined(v, path) if isinstance(v, list | tuple) else v for v in values]
    unit = u.get_unit(parts[0]) if parts else u.UNITLESS
    for part in parts:
        given = u.get_unit(part)
        if given.dim != unit.dim:
            one, other = (boundary.unit_text(x) or "plain numbers" for x in (unit, given))
            raise ParameterError(path, f"{path} mixes {one} and {other}; give all the same unit")
    numbers = [boundary.strip(part, unit) for part in parts]
    try:
        traced = is_traced(*numbers)
        joined = jnp.stack([jnp.asarray(n) for n in numbers]) if traced else np.asarray(numbers)
    except ValueError:
        raise ParameterError(path, f"{path} has rows of different lengths") from None
    return boundary.attach(joined, unit)


def _require_fitting(given: tuple[int, ...], population: tuple[int, ...], path: str) -> None:
    try:
        if np.broadcast_shapes(given, population) == population:
            return
    except ValueError:
        pass
    raise ParameterError(
        path, f"{path} must be a single value or fit the population {population}, got shape {given}"
    )
