"""Spikes at given times."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import brainstate
import jax.numpy as jnp
import numpy as np
import saiunit as u

from engine import boundary
from engine.errors import ParameterError
from engine.sources.base import Source, backend, checked, clipped, in_a_row, is_traced, slack
from engine.specs import FREE, NON_NEGATIVE

__all__ = ["SpikeTime"]

ROUNDINGS: dict[str, Callable[[Any], Any]] = {
    "round": lambda steps: backend(steps).round(steps),
    "floor": lambda steps: backend(steps).floor(steps + slack(steps)),
    "ceil": lambda steps: backend(steps).ceil(steps - slack(steps)),
}
"""How a time becomes a step; a time that is a whole number of steps is that number in all."""


class SpikeTime(Source):
    """Neurons that spike at given times.

    Parameters
    ----------
    in_size : int or tuple of int
        Shape of the population.
    indices : array of int, shape (spike,)
        Which neuron spikes; in a population of more than one axis counted row by row.
    times : Quantity[ms], shape (spike,)
        When, in any order.
    weights : number or Quantity, or one for each spike
        Size of the spike; spikes of the same neuron in the same step add up.
    time_as_step : {'round', 'floor', 'ceil'} or callable
        How a time that is no whole number of steps becomes a step; a callable takes the times
        divided by the time step.
    name : str, optional
        Name of the instance.

    Raises
    ------
    ParameterError
        Not one time for each index, an index outside the population, a negative or infinite time,
        another word for ``time_as_step``.

    Notes
    -----
    The time step may be a traced number: which spikes belong to a step is found by bisection, and
    where the time step is known only as many spikes are looked at as fall into the fullest step.
    *Deviation* from the reference implementation: a time that is a whole number of steps is that
    number in every mode (`whole-spike-steps`).

    Examples
    --------
    >>> import brainstate, saiunit as u
    >>> from engine import SpikeTime
    >>> source = SpikeTime(3, indices=[0, 2, 2], times=[0.1, 0.1, 0.3] * u.ms)
    >>> with brainstate.environ.context(dt=0.1 * u.ms):
    ...     source(1).tolist(), source(2).tolist()
    ([1.0, 0.0, 1.0], [0.0, 0.0, 0.0])
    """

    __module__ = "engine"

    def __init__(
        self,
        in_size: Any,
        indices: Any,
        times: Any,
        weights: Any = 1.0,
        time_as_step: str | Callable[[Any], Any] = "round",
        name: str | None = None,
    ) -> None:
        super().__init__(in_size, name=name)
        indices = _whole_numbers(indices, self._path("indices"))
        in_a_row(indices, self._path("indices"))
        size = int(np.prod(self.varshape))
        if indices.size and not (indices.min() >= 0 and indices.max() < size):
            raise ParameterError(
                self._path("indices"),
                f"{self._path('indices')} must be between 0 and {size - 1}, "
                f"got {indices.min()} to {indices.max()}",
            )
        if isinstance(times, list | tuple) and not times:
            times = np.zeros(0) * u.ms
        times = in_a_row(checked(times, self._path("times"), u.ms), self._path("times"))
        if not is_traced(times):
            latest = np.asarray(boundary.strip(times, u.ms), float)
            if not np.isfinite(latest).all():
                raise ParameterError(self._path("times"), f"{self._path('times')} must be finite")
            checked(times, self._path("times"), u.ms, NON_NEGATIVE)
        weights = checked(weights, self._path("weights"), allowed=FREE)
        for what, many in (("times", u.math.shape(times)), ("weights", u.math.shape(weights))):
            if many not in ((indices.size,), () if what == "weights" else (indices.size,)):
                raise ParameterError(
                    self._path(what),
                    f"{self._path(what)} must hold one value for each of the {indices.size} "
                    f"indices, got shape {many}",
                )
        if not callable(time_as_step) and time_as_step not in ROUNDINGS:
            raise ParameterError(
                self._path("time_as_step"),
                f"{self._path('time_as_step')} must be one of {', '.join(map(repr, ROUNDINGS))} "
                f"or a function, got {time_as_step!r}",
            )
        self.indices, self.times, self.weights = indices, times, weights
        self.time_as_step = time_as_step
        self.num_times = indices.size

    def rounding(self, steps: Any) -> Any:
        """Turn times, counted in steps, into whole steps."""
        mode = self.time_as_step
        return clipped(mode(jnp.asarray(steps)) if callable(mode) else ROUNDINGS[mode](steps))

    def step_of(self, time: Any) -> Any:
        """Give the step that ``time`` belongs to."""
        steps = boundary.strip(self._as_time(time, "SpikeTime.time") / self.dt, u.UNITLESS)
        return self.rounding(steps)

    def update(self, index: Any = None, time: Any = None) -> Any:
        """Give the spikes of a step.

        Parameters
        ----------
        index : int, optional
            Number of the step.
        time : Quantity[ms], optional
            Time of the step, where ``index`` is not given. Where neither is, the environment's
            ``i`` or else its ``t`` says which step it is.

        Returns
        -------
        array or Quantity
            Weights of the spikes, zero where there is none, in the shape of the population.
        """
        unit = u.get_unit(self.weights)
        flat = jnp.zeros(int(np.prod(self.varshape)), brainstate.environ.dftype())
        if self.indices.size:
            steps, index = self.step_of(self.times), self._index(index, time)
            order = backend(steps).argsort(steps)
            steps = steps[order]
            most = self._in_fullest_step(steps)
            steps, neurons = jnp.asarray(steps), jnp.asarray(self.indices)[order]
            weights = jnp.broadcast_to(boundary.strip(self.weights, unit), steps.shape)[order]
            rows = jnp.searchsorted(steps, index, side="left") + jnp.arange(most)
            ours = steps.at[rows].get(mode="fill", fill_value=-1) == index
            rows = jnp.minimum(rows, steps.size - 1)
            flat = flat.at[neurons[rows]].add(jnp.where(ours, weights[rows], 0.0))
        return self._spread(flat.reshape(self.varshape), unit)

    def _index(self, index: Any, time: Any) -> Any:
        if index is not None:
            return jnp.asarray(index)
        if time is not None:
            return self.step_of(time)
        i = brainstate.environ.get("i", None)
        return self.step_of(self.t) if i is None else i

    @staticmethod
    def _in_fullest_step(steps: Any) -> int:
        if is_traced(steps):
            return int(steps.size)
        return int(np.unique(np.asarray(steps), return_counts=True)[1].max())


def _whole_numbers(values: Any, path: str) -> np.ndarray:
    numbers = np.asarray(values)
    if numbers.size and numbers.dtype.kind not in "iu":
        raise ParameterError(path, f"{path} must be whole numbers, the neurons that spike")
    return numbers.astype(np.int32)
