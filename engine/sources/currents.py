"""Currents that follow a course in time. Outside their time they are zero."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import saiunit as u

from engine import boundary
from engine.errors import ParameterError
from engine.sources.base import Source, checked, first_step, in_a_row, is_traced
from engine.specs import NON_NEGATIVE, POSITIVE

__all__ = ["ConstantInput", "RampInput", "SectionInput", "SinusoidalInput", "StepInput"]


class ConstantInput(Source):
    """A current that is the same until it ends.

    Parameters
    ----------
    in_size : int or tuple of int
        Shape of the population.
    value : Quantity, number or array
        The current: one value, or one for each neuron; its unit is the unit of what comes out.
    duration : Quantity[ms]
        When it ends; the step that starts at this time is the first without current.
    name : str, optional
        Name of the instance.

    Raises
    ------
    ParameterError
        A wrong dimension, a negative time, or a shape that does not fit the population.

    Examples
    --------
    >>> import brainstate, saiunit as u
    >>> from engine import ConstantInput
    >>> pulse = ConstantInput(1, value=2 * u.mA, duration=0.3 * u.ms)
    >>> with brainstate.environ.context(dt=0.1 * u.ms):
    ...     for i in (0, 2, 3):
    ...         with brainstate.environ.context(i=i, t=i * 0.1 * u.ms):
    ...             print(pulse().to_decimal(u.mA).tolist())
    [2.0]
    [2.0]
    [0.0]
    """

    __module__ = "engine"

    def __init__(self, in_size: Any, value: Any, duration: Any, name: str | None = None) -> None:
        super().__init__(in_size, name=name)
        self.value = self._fitting("value", checked(value, self._path("value")))
        self.duration = self._time("duration", duration)

    def update(self) -> Any:
        """Give the current of the step."""
        return self._within(self.step_index < first_step(self.duration, self.dt), self.value)


class SectionInput(Source):
    """A current in sections, one after the other, each constant.

    Parameters
    ----------
    in_size : int or tuple of int
        Shape of the population.
    values : Quantity or list of Quantity
        The current of each section; a section may be an array that fits the population.
    durations : Quantity[ms] or list of such
        How long each section is.
    name : str, optional
        Name of the instance.

    Raises
    ------
    ParameterError
        No section, not as many durations as values, a wrong dimension, or a negative time.

    Notes
    -----
    *Deviation* from the reference implementation: where durations are whole numbers of steps, so
    are their sums (`sections-end-on-steps`).
    """

    __module__ = "engine"

    def __init__(self, in_size: Any, values: Any, durations: Any, name: str | None = None) -> None:
        super().__init__(in_size, name=name)
        self.values = _levels(self, "values", values)
        durations = checked(durations, self._path("durations"), u.ms, NON_NEGATIVE)
        self.durations = in_a_row(durations, self._path("durations"))
        _require_as_many(self, "values", "durations")

    def update(self) -> Any:
        """Give the current of the step."""
        unit = u.get_unit(self.durations)
        ends = jnp.cumsum if is_traced(self.durations) else np.cumsum
        ends = boundary.attach(ends(boundary.strip(self.durations, unit)), unit)
        section = jnp.searchsorted(first_step(ends, self.dt), self.step_index, side="right")
        return _pick(self, self.values, section, "after")


class StepInput(Source):
    """A current that changes in steps: each amplitude holds until the next time.

    Parameters
    ----------
    in_size : int or tuple of int
        Shape of the population.
    amplitudes : Quantity or list of Quantity
        The current from each time on; an amplitude may be an array that fits the population.
    step_times : Quantity[ms] or list of such
        When each amplitude starts, in any order. Before the first one there is no current; the last
        one stays.
    name : str, optional
        Name of the instance.

    Raises
    ------
    ParameterError
        No amplitude, not as many times as amplitudes, a wrong dimension, or a negative time.
    """

    __module__ = "engine"

    def __init__(
        self, in_size: Any, amplitudes: Any, step_times: Any, name: str | None = None
    ) -> None:
        super().__init__(in_size, name=name)
        self.amplitudes = _levels(self, "amplitudes", amplitudes)
        step_times = checked(step_times, self._path("step_times"), u.ms, NON_NEGATIVE)
        self.step_times = in_a_row(step_times, self._path("step_times"))
        _require_as_many(self, "amplitudes", "step_times")

    def update(self) -> Any:
        """Give the current of the step."""
        starts = jnp.asarray(first_step(self.step_times, self.dt))
        order = jnp.argsort(starts, stable=True)
        passed = jnp.searchsorted(starts[order], self.step_index, side="right")
        unit = u.get_unit(self.amplitudes)
        amplitudes = jnp.asarray(boundary.strip(self.amplitudes, unit))[order]
        return _pick(self, boundary.attach(amplitudes, unit), passed, "before")


class RampInput(Source):
    r"""A current that rises or falls linearly from ``c_start`` to ``c_end``.

    .. math:: I(t) = c_{start} + (c_{end} - c_{start}) \frac{t - t_{start}}{T}

    Parameters
    ----------
    in_size : int or tuple of int
        Shape of the population.
    c_start, c_end : Quantity, number or array
        The current at the two ends.
    duration : Quantity[ms]
        How long it takes, :math:`T`.
    t_start : Quantity[ms], optional
        When it begins; at once if not given.
    name : str, optional
        Name of the instance.

    Raises
    ------
    ParameterError
        A wrong dimension, a negative time, or a ramp that takes no time.
    """

    __module__ = "engine"

    def __init__(
        self,
        in_size: Any,
        c_start: Any,
        c_end: Any,
        duration: Any,
        t_start: Any = None,
        name: str | None = None,
    ) -> None:
        super().__init__(in_size, name=name)
        self.c_start = self._fitting("c_start", checked(c_start, self._path("c_start")))
        self.c_end = self._like("c_end", c_end, self.c_start)
        self.duration = self._time("duration", duration, POSITIVE)
        self.t_start = self._time("t_start", 0.0 * u.ms if t_start is None else t_start)

    def update(self) -> Any:
        """Give the current of the step."""
        step, end = self.step_index, self.t_start + self.duration
        on = (step >= first_step(self.t_start, self.dt)) & (step < first_step(end, self.dt))
        passed = self.now - boundary.strip(self.t_start, u.ms)
        fraction = passed / boundary.strip(self.duration, u.ms)
        return self._within(on, self.c_start + (self.c_end - self.c_start) * fraction)


class SinusoidalInput(Source):
    r"""A current that swings as a sine.

    .. math:: I(t) = I_0 + A \sin(2 \pi f t)

    Parameters
    ----------
    in_size : int or tuple of int
        Shape of the population.
    amplitude : Quantity, number or array
        The amplitude :math:`A`; its unit is the unit of what comes out.
    frequency : Quantity[Hz]
        The frequency :math:`f`.
    duration : Quantity[ms]
        When it ends.
    bias : Quantity, number or array, optional
        The middle :math:`I_0` of the swing; zero if not given.
    name : str, optional
        Name of the instance.

    Raises
    ------
    ParameterError
        A wrong dimension, a negative time or frequency.
    """

    __module__ = "engine"

    def __init__(
        self,
        in_size: Any,
        amplitude: Any,
        frequency: Any,
        duration: Any,
        bias: Any = None,
        name: str | None = None,
    ) -> None:
        super().__init__(in_size, name=name)
        self.amplitude = self._fitting("amplitude", checked(amplitude, self._path("amplitude")))
        frequency = checked(frequency, self._path("frequency"), u.Hz, NON_NEGATIVE)
        self.frequency = self._fitting("frequency", frequency)
        self.duration = self._time("duration", duration)
        self.bias = None if bias is None else self._like("bias", bias, self.amplitude)

    def update(self) -> Any:
        """Give the current of the step."""
        cycles = boundary.strip(self.frequency, u.kHz) * self.now
        value = self.amplitude * jnp.sin(2 * jnp.pi * cycles)
        if self.bias is not None:
            value = value + self.bias
        return self._within(self.step_index < first_step(self.duration, self.dt), value)


def _levels(source: Source, name: str, values: Any) -> Any:
    """Check the currents of a course, one row each."""
    path = source._path(name)
    values = checked(values, path)
    shape = u.math.shape(values)
    if not shape or not shape[0]:
        raise ParameterError(path, f"{path} must be a list of at least one current")
    for row in values[:1] if shape[1:] else ():
        source._fitting(name, row)
    return values


def _require_as_many(source: Source, many: str, times: str) -> None:
    a, b = (len(getattr(source, name)) for name in (many, times))
    if a != b:
        path = source._path(times)
        raise ParameterError(
            path, f"{path} must hold as many times as there are {many}, got {b} for {a}"
        )


def _pick(source: Source, levels: Any, index: Any, side: str) -> Any:
    """Take the row of a course; a row of zeros stands before or after all others."""
    unit = u.get_unit(levels)
    numbers = jnp.asarray(boundary.strip(levels, unit))
    zero = jnp.zeros((1, *numbers.shape[1:]), numbers.dtype)
    rows = [numbers, zero] if side == "after" else [zero, numbers]
    return source._spread(jnp.concatenate(rows)[index], unit)
