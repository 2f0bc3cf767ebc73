"""What was delivered to a model and has not been read by it yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import brainstate
import jax.numpy as jnp
import saiunit as u
from brainstate._state import TRACE_CONTEXT  # nothing public tells a loop that has ended
from jax.core import Tracer

from engine import boundary
from engine.errors import ParameterError

__all__ = ["PendingInput", "compiling", "fitting", "is_compiling"]


class PendingInput(brainstate.nn.Module):
    """An input that is kept as a state from when it is delivered until it is read.

    A plain value in a registry of inputs is forgotten where a compiled loop ends its trace: an
    input that is registered after the step of its target would be lost, and its tracer would
    reach the next loop. A state is carried from one step into the next, whatever the order. See
    DECISIONS.md, 2026-11-23.

    Parameters
    ----------
    path : str
        What delivers it, for the error text.
    shape : tuple of int
        Shape of the target, without batch.
    unit : callable
        Gives the unit of the input, once the target has its states.
    """

    def __init__(self, path: str, shape: tuple[int, ...], unit: Callable[[], u.Unit]) -> None:
        super().__init__()
        self._path, self._shape, self._unit = path, shape, unit
        self.is_waiting = False
        self.amount = brainstate.ShortTermState(jnp.zeros(shape, brainstate.environ.dftype()))

    def init_state(self, batch_size: int | None = None, **_: Any) -> None:
        """Start with nothing delivered."""
        self.amount = brainstate.ShortTermState(self._nothing(batch_size))
        self.is_waiting = False

    def reset_state(self, batch_size: int | None = None, **_: Any) -> None:
        """Forget what was delivered; the batch is kept unless one is given."""
        self.use_up() if batch_size is None else self.init_state(batch_size)

    def _nothing(self, batch_size: int | None) -> Any:
        shape = self._shape if batch_size is None else (batch_size, *self._shape)
        return jnp.zeros(shape, brainstate.environ.dftype())

    def put(self, value: Any, like: Any) -> None:
        """Add ``value`` to what waits for the target.

        Parameters
        ----------
        value : Quantity or array
            What is delivered; a plain number is in the unit of the input.
        like : Quantity or array
            The state that it is for, whose shape it must fit.

        Raises
        ------
        ParameterError
            Another dimension, or a shape that does not fit the target.
        """
        unit, shape = self._unit(), u.math.shape(like)
        numbers = boundary.strip(fitting(self._path, value, unit, shape), unit)
        before = self.amount.value
        if before.shape != shape:  # the target was given a batch after this was made
            before = jnp.zeros(shape, before.dtype)
        self.amount.value = before + jnp.asarray(numbers, before.dtype)
        self.is_waiting = True

    def update(self, *_: Any) -> Any:
        """Give what waits, whatever the state of the target."""
        return boundary.attach(self.amount.value, self._unit())

    def use_up(self) -> None:
        """Forget what was read."""
        self.amount.value = jnp.zeros_like(self.amount.value)
        self.is_waiting = False


def compiling(value: Any) -> Any:
    """Give the innermost loop or function of brainstate that is being compiled with ``value``.

    None for a value that is known, and outside of brainstate's transformations.
    """
    traced = isinstance(u.get_mantissa(value), Tracer)
    return TRACE_CONTEXT.state_stack[-1] if traced and TRACE_CONTEXT.state_stack else None


def is_compiling(loop: Any) -> bool:
    """Whether what `compiling` gave is still being compiled."""
    return any(open_loop is loop for open_loop in TRACE_CONTEXT.state_stack)


def fitting(path: str, value: Any, unit: u.Unit, shape: tuple[int, ...]) -> Any:
    """Check what is delivered, and give a plain number its unit.

    Raises
    ------
    ParameterError
        Another dimension than that of ``unit``, or a shape that does not broadcast to ``shape``.
    """
    given, found = u.get_unit(value), u.math.shape(value)
    if given.dim != unit.dim:
        if not given.is_unitless:
            raise ParameterError(
                path,
                f"{path} must deliver {boundary.dimension_word(unit)}, got "
                f"{boundary.dimension_word(given)}, in {boundary.unit_text(given)}; "
                "give the weights another unit",
            )
        value = boundary.attach(u.get_mantissa(value), unit)
    try:
        fits = jnp.broadcast_shapes(found, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        hint = (
            f"; for a batch call brainstate.nn.init_all_states(net, {found[0]})"
            if len(found) > len(shape)
            else ""
        )
        raise ParameterError(
            path, f"{path} delivers the shape {found} where {shape} is expected{hint}"
        )
    return value
