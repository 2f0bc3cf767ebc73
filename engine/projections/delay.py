"""Axonal delays: a ring of the presynaptic activity of past steps."""

from __future__ import annotations

import warnings
from typing import Any

import brainstate
import jax.numpy as jnp
import numpy as np
import saiunit as u
from jax.core import Tracer

from engine import boundary
from engine.boundary import show
from engine.dynamics import time_step
from engine.errors import ParameterError

__all__ = ["Delay"]


class Delay(brainstate.nn.Module):
    r"""Presynaptic activity as it was some steps ago.

    .. math:: y_i(t) = x_i(t - d_i)

    What is put in in step :math:`k` comes out in step :math:`k + d/\Delta t`, exactly: a delay of
    no time passes it on in the same step, and a delay of one time step in the next. Before the
    first activity has arrived there is none.

    Parameters
    ----------
    time : Quantity
        The delay: one for all; one for each presynaptic cell, in the shape ``size``; or one for
        each connection, in the shape of ``comm.connections``.
    size : tuple of int
        Shape of the activity, without batch.
    comm : callable, optional
        The connections behind the delay.
    path : str, optional
        Parameter path for the error text.

    Raises
    ------
    ParameterError
        Not a time, negative, above zero but shorter than a time step, or of a shape that fits
        neither the presynaptic cells nor the connections. The length of a step is known when the
        states are made (`init_state`), and has to stay.

    Warns
    -----
    UserWarning
        A delay is no multiple of the time step, and was rounded to the nearest.

    Notes
    -----
    *Lag*. A projection runs before the populations and sees the spikes of the step before, so that
    a spike that a neuron returns in step :math:`k` is felt by the target in step
    :math:`k + 1 + d/\Delta t`. The same holds for the delays of brainstate that a projection reads,
    ``pre.prefetch_delay('V', d)`` and ``pre.output_delay(d)``; read after the presynaptic
    population has run, these are one step younger. *Rounding*. The reference implementation
    interpolates between steps and so turns a spike into two parts of a spike; here a spike stays
    whole. See DECISIONS.md, 2026-11-23.

    Examples
    --------
    >>> import brainstate, saiunit as u
    >>> from engine.projections import Delay
    >>> delay = Delay([0.1, 0.2] * u.ms, (2,))
    >>> with brainstate.environ.context(dt=0.1 * u.ms):
    ...     delay.init_state()
    ...     [delay([k, 10.0 * k]).tolist() for k in (1, 2, 3)]
    [[0.0, 0.0], [1.0, 0.0], [2.0, 10.0]]
    """

    def __init__(
        self, time: Any, size: tuple[int, ...], comm: Any = None, path: str = "Delay.time"
    ) -> None:
        super().__init__()
        self.in_size = self.out_size = self._size = tuple(size)
        self._path = path
        self._time, self._unit = _checked_time(time, path), u.UNITLESS
        shape, pairs = self._time.shape, getattr(comm, "connections", None)
        if shape not in ((), self._size) and shape != pairs:
            each = f" or one for each connection, {pairs}" if pairs else ""
            raise ParameterError(
                path,
                f"{path} must be one time, one for each presynaptic cell, {self._size}{each}; "
                f"got shape {shape}",
            )
        self.is_pairwise = shape not in ((), self._size)
        """Whether each connection has a delay of its own."""
        self._sources = np.asarray(comm.sources) if self.is_pairwise else None

    @property
    def time(self) -> Any:
        """The delay as it was given."""
        return self._time * u.ms

    def init_state(self, batch_size: int | None = None, **_: Any) -> None:
        """Forget all activity, and count the delay in the time steps of now."""
        self._dt = self._now()
        self._steps = _whole_steps(self._time, self._dt, self._path)
        batch = () if batch_size is None else (batch_size,)
        length = int(self._steps.max(initial=0)) + 1
        past = jnp.zeros((length, *batch, *self._size), brainstate.environ.dftype())
        self.past = brainstate.ShortTermState(past)
        self.place = brainstate.ShortTermState(jnp.zeros((), jnp.int32))

    def reset_state(self, batch_size: int | None = None, **_: Any) -> None:
        """Forget all activity; the batch is kept unless one is given."""
        if batch_size is not None:
            self.init_state(batch_size)
            return
        self.past.value = jnp.zeros_like(self.past.value)

    def update(self, x: Any) -> Any:
        """Put the activity of this step in, and give the delayed one.

        Parameters
        ----------
        x : array or Quantity
            Activity, of a shape that fits ``(batch, *size)``.

        Returns
        -------
        array or Quantity
            The delayed activity, in the shape of the states; with a delay for each connection
            ``(batch, *connections)``.

        Raises
        ------
        ParameterError
            Not initialised, another time step than then, or another shape.
        """
        self._require_ready()
        past, place = jnp.asarray(self.past.value), self.place.value
        unit = u.get_unit(x)
        if not unit.is_unitless:
            self._unit = unit
        row = jnp.asarray(boundary.strip(x, self._unit), past.dtype)
        shape = past.shape[1:]
        if row.shape != shape:
            self._require_fit(row.shape, shape)
            row = jnp.broadcast_to(row, shape)
        past = past.at[place].set(row)
        self.past.value = past
        self.place.value = (place + 1) % past.shape[0]
        return boundary.attach(self._read(past, place), self._unit)

    def _read(self, past: Any, place: Any) -> Any:
        if self._steps.ndim == 0:
            return past[(place - int(self._steps)) % past.shape[0]]
        rows = (place - self._steps) % past.shape[0]
        if self._sources is None:
            rows = jnp.broadcast_to(rows, (1, *past.shape[1:]))
            return jnp.take_along_axis(past, rows, axis=0)[0]
        cells = jnp.reshape(past, (past.shape[0], *past.shape[1 : past.ndim - len(self._size)], -1))
        if cells.ndim == 2:
            return cells[rows, self._sources]
        return jnp.moveaxis(cells[rows, :, self._sources], -1, 0)

    def _now(self) -> float:
        if not hasattr(self, "past") and brainstate.environ.get("dt", None) is None:
            raise ParameterError(
                "dt",
                f"{self._path} is counted in time steps: make the states inside "
                "brainstate.environ.context(dt=0.1 * u.ms)",
            )
        return boundary.to_number(time_step(self._path.partition(".")[0]), u.ms, "dt")

    def _require_ready(self) -> None:
        if not hasattr(self, "past"):
            raise ParameterError(
                self._path,
                f"{self._path} has no memory yet: call brainstate.nn.init_all_states(net) first",
            )
        now = self._now()
        if not np.isclose(now, self._dt, rtol=1e-5):
            raise ParameterError(
                self._path,
                f"{self._path} was counted in steps of {self._dt:g} ms, but the time step is "
                f"{now:g} ms; call brainstate.nn.init_all_states(net) anew",
            )

    def _require_fit(self, given: tuple[int, ...], shape: tuple[int, ...]) -> None:
        try:
            fits = jnp.broadcast_shapes(given, shape) == shape
        except ValueError:
            fits = False
        if not fits:
            batch = len(given) == len(shape) + 1
            hint = f"; for a batch call brainstate.nn.init_all_states(net, {given[0]})"
            raise ParameterError(
                self._path,
                f"{self._path} holds activity of shape {shape}, got {given}{hint if batch else ''}",
            )


def _checked_time(time: Any, path: str) -> np.ndarray:
    """Give a delay as numbers in milliseconds."""
    if isinstance(u.get_mantissa(time), Tracer):
        raise ParameterError(
            path, f"{path} shapes the compiled program: give it a value that is known beforehand"
        )
    if np.size(u.get_mantissa(time)) == 1 or u.get_unit(time).dim != u.ms.dim:
        if np.size(u.get_mantissa(time)) == 1:
            boundary.to_number(time, u.ms, path)
        else:
            raise ParameterError(path, f"{path} must be a time, got {show(time)}")
    numbers = np.asarray(boundary.strip(time, u.ms), float)
    if not np.all(np.isfinite(numbers)) or np.any(numbers < 0):
        worst = numbers[~(numbers >= 0)] if np.any(~(numbers >= 0)) else numbers.max(keepdims=True)
        raise ParameterError(path, f"{path} must be at least 0 ms, got {worst.ravel()[0]:g} ms")
    return numbers


def _whole_steps(time: np.ndarray, dt: float, path: str) -> np.ndarray:
    """Count delays in time steps; say so where a delay has to be rounded."""
    exact = time / dt
    steps = np.round(exact).astype(np.int32)
    off = np.abs(exact - steps) > 1e-3
    short = off & (exact < 1)
    if np.any(short):
        raise ParameterError(
            path,
            f"{path} of {time[short].ravel()[0]:g} ms is shorter than the time step of {dt:g} ms; "
            "choose a smaller dt, a longer delay, or none",
        )
    if np.any(off):
        first = np.argmax(np.ravel(off))
        which = "" if time.ndim == 0 else f" ({np.count_nonzero(off)} of {time.size} delays)"
        warnings.warn(
            f"{path}: {np.ravel(time)[first]:g} ms is no multiple of the time step of {dt:g} ms "
            f"and is rounded to {np.ravel(steps)[first]} steps{which}",
            UserWarning,
            stacklevel=4,
        )
    return steps
