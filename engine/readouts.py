"""Readouts: the last layer of a network, which turns spikes into rates or into decisions."""

from __future__ import annotations

from typing import Any, ClassVar

import brainstate
import braintools
import jax.numpy as jnp
import saiunit as u

from engine import boundary
from engine.dynamics import Dynamics, population_shape
from engine.errors import ParameterError
from engine.neurons import IF
from engine.specs import POSITIVE, InitialSpec, InputSpec, ParameterSpec, StateSpec

__all__ = ["LeakyRateReadout", "LeakySpikeReadout"]


class _Readout(Dynamics):
    """What both readouts share: sizes and weights. Their states have the shape of the output."""

    _leading: ClassVar[tuple[str, ...]] = ("in_size", "out_size")
    _weight_unit: ClassVar[u.Unit] = u.UNITLESS

    def _construct(self, in_size: Any, out_size: Any, name: str | None = None) -> None:
        super()._construct(in_size, name=name)
        self.out_size = population_shape(out_size, f"{type(self).__name__}.out_size")
        self._weight_shape = self.in_size[-1], self.varshape[-1]  # type: ignore[index]

    @property
    def varshape(self) -> tuple[int, ...]:  # type: ignore[override]
        """Shape of the states without batch: that of the output."""
        return self.out_size  # type: ignore[return-value]

    def _bind(self, name: str, value: Any) -> None:
        super()._bind(name, value)
        if name == "w_init":
            shape = self._weight_shape
            weight = value(shape) if callable(value) else u.math.broadcast_to(value, shape)
            if u.get_unit(weight).is_unitless:
                weight = boundary.attach(u.get_mantissa(weight), self._weight_unit)
            self.weight = brainstate.ParamState(weight)

    def _weighted(self, x: Any, like: Any) -> Any:
        """Give the weighted sums of ``x``."""
        path, size = f"{type(self).__name__}.x", self._weight_shape[0]
        if u.math.shape(x)[-1:] != (size,):
            raise ParameterError(
                path, f"{path} must end in an axis of {size} inputs, got shape {u.math.shape(x)}"
            )
        if not isinstance(x, u.Quantity):
            x = jnp.asarray(x, brainstate.environ.dftype())
        total = u.math.matmul(x, self.weight.value)
        return self.accept(total, u.get_unit(like), like)


class LeakyRateReadout(_Readout):
    r"""Weighted sums of spikes that are forgotten exponentially: a rate for every output.

    .. math:: \tau \frac{dr}{dt} = -r, \qquad r \leftarrow r + x W \text{ in every step}

    Parameters
    ----------
    in_size, out_size : int or tuple of int
        Shape of the input and of the output; weights lead from the last axis to the last axis.
    tau : Quantity[ms]
        How long an input is remembered; one value, or one for each output.
    w_init : callable or array
        Weights, or an initializer that is called with their shape (input, output).
    name : str, optional
        Name of the instance.

    Raises
    ------
    ParameterError
        A size that is none, ``tau`` not a positive time, an input of another shape.

    Notes
    -----
    *Deviation* from the reference implementation: the decay follows the time step of the step, not
    that of the construction (`decay-of-the-step`). Where ``tau`` or the environment's ``dt`` has no
    unit, it is in ms: some programs do without. Booleans and whole numbers serve as input, and
    gradients flow through time to the weights, which are a trainable `brainstate.ParamState`.

    Examples
    --------
    >>> import brainstate, jax.numpy as jnp, saiunit as u
    >>> from engine import LeakyRateReadout
    >>> readout = LeakyRateReadout(2, 1, tau=10 * u.ms, w_init=jnp.ones)
    >>> readout.init_state()
    >>> with brainstate.environ.context(dt=10 * u.ms):
    ...     [round(readout(jnp.array(x)).item(), 3) for x in ([1.0, 0.0], [0.0, 0.0])]
    [1.0, 0.368]
    """

    __module__ = "engine"
    equation: ClassVar[str] = r"\tau \frac{dr}{dt} = -r,\quad r \leftarrow r + x W"

    tau = ParameterSpec(
        5.0 * u.ms,
        r"\tau",
        "time constant: how long an input is remembered",
        soft=(1.0, 100.0),
        hard=POSITIVE,
        scale="log",
        time_constant=True,
    )
    w_init = InitialSpec(
        braintools.init.KaimingNormal(), "W", "weights from inputs to outputs", soft=(-1.0, 1.0)
    )
    r = StateSpec(u.UNITLESS, "r", "rate of each output", start=0.0)

    def _bind(self, name: str, value: Any) -> None:
        if name == "tau" and not callable(value) and not isinstance(value, u.Quantity | str | bool):
            value = boundary.attach(value, u.ms)
        super()._bind(name, value)

    @property
    def dt(self) -> Any:
        """The time step, from the environment; in ms where it has no unit."""
        dt = brainstate.environ.get("dt", None)
        if dt is not None and not isinstance(dt, u.Quantity):
            return boundary.attach(dt, u.ms)
        return super().dt

    @property
    def decay(self) -> Any:
        """What a step leaves of a rate, between 0 and 1; the shape is that of ``tau``."""
        return jnp.exp(-boundary.strip(self.dt / self.tau, u.UNITLESS))

    def update(self, x: Any) -> Any:
        """Take one step.

        Parameters
        ----------
        x : array
            Spikes, the inputs along the last axis.

        Returns
        -------
        array
            The rates, in the shape of the output.
        """
        before = self.r.value
        self.r.value = before * self.decay + self._weighted(x, before)
        return self.r.value


class LeakySpikeReadout(_Readout, IF):
    r"""Weighted sums of spikes that drive leaky neurons: a decision for every output.

    .. math:: \tau \frac{dV}{dt} = -V + x W

    Parameters
    ----------
    in_size, out_size : int or tuple of int
        Shape of the input and of the output; weights lead from the last axis to the last axis.
    tau : Quantity[ms]
        Membrane time constant; one value, or one for each output.
    V_th : Quantity[mV]
        Threshold. A spike subtracts it, or sets the potential to zero; see ``spk_reset``.
    w_init : callable or array
        Weights, or an initializer that is called with their shape (input, output); plain numbers
        are taken in millivolts.
    V_initializer : Quantity[mV] or callable
        Potential at the start.
    spk_fun, spk_reset, name
        As for `Neuron`.

    Raises
    ------
    ParameterError
        A size that is none, a wrong dimension, an input of another shape.

    Notes
    -----
    Each step is one of `IF`, with the weighted sum in the place of :math:`R I`. The weights are a
    trainable `brainstate.ParamState`.
    """

    __module__ = "engine"
    equation: ClassVar[str] = r"\tau \frac{dV}{dt} = -V + x W"
    input: ClassVar[InputSpec] = InputSpec(
        1.1 * u.mV, soft=(0.0, 5.0), symbol="x W", meaning="weighted sum of the inputs"
    )
    _weight_unit: ClassVar[u.Unit] = u.mV

    R: ClassVar[Any] = 1.0  # the weights are potentials already
    w_init = InitialSpec(
        braintools.init.KaimingNormal(),
        "W",
        "weights from inputs to outputs",
        soft=(-1.0, 1.0),
        unit_text="mV",
        after="V_th",
    )

    def update(self, x: Any) -> Any:
        """Take one step.

        Parameters
        ----------
        x : array
            Spikes, the inputs along the last axis.

        Returns
        -------
        array
            Spikes of the outputs, 0.0 or 1.0; differentiable.
        """
        return super().update(self._weighted(x, self.V.value))
