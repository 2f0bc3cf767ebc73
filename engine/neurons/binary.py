"""The binary cell: on or off, and asked at random times which of the two it should be."""

from __future__ import annotations

from typing import Any, ClassVar

import brainstate
import jax.numpy as jnp
import saiunit as u

from engine import boundary
from engine.neurons.base import PointNeuron
from engine.specs import POSITIVE, ChoiceSpec, InitialSpec, InputSpec, ParameterSpec, StateSpec

__all__ = ["BinaryCell"]


class BinaryCell(PointNeuron):
    r"""Cell of a network that is on or off, and compares its input with a threshold now and then.

    .. math::
        V = x + \sum_j J_j\,\sigma_j, \qquad
        \sigma \leftarrow \Theta(V - \theta) \quad\text{at random times, a mean of } \tau
        \text{ apart}

    Its targets see :math:`\sigma` in every step, and what arrives is forgotten after the step: the
    input is the weights of all cells that are on, without a leak.

    Notes
    -----
    A spike is a look at the input that finds it at or above the threshold. The rate is therefore
    the part of the time in which the cell is on, over :math:`\tau`: the mean activity of the
    literature, as looks at random times see what an average over time sees. Of two spikes that
    follow each other the second does not switch anything. Where the cell is switched off there is
    no mark.

    References
    ----------
    C. van Vreeswijk and H. Sompolinsky (1998). Chaotic balanced state in a model of cortical
    circuits. Neural Computation 10, 1321-1371. doi:10.1162/089976698300017214

    Examples
    --------
    Far above the threshold every look finds the cell on: as many spikes as looks.

    >>> from engine import BinaryCell, NetworkExperiment, Population, simulate
    >>> network = NetworkExperiment({"E": Population(BinaryCell)}).update(
    ...     {"E.n": 1000, "E.tau": 20.0, "E.stimulus.amplitude": 3.0, "duration": 1000.0}
    ... )
    >>> round(simulate(network).rate)
    50
    """

    __module__ = "engine"
    is_listed: ClassVar[bool] = False
    equation: ClassVar[str] = (
        r"V = x + \sum_j J_j \sigma_j \quad "
        r"\sigma \leftarrow \Theta(V - \theta) \text{ at random times}"
    )
    input: ClassVar[InputSpec] = InputSpec(
        1.2 * u.UNITLESS, soft=(-5.0, 5.0), symbol="x", meaning="input from outside"
    )
    draws_spike: ClassVar[bool] = False
    random: ClassVar[bool] = True
    binary: ClassVar[bool] = True

    tau = ParameterSpec(
        10.0 * u.ms,
        r"\tau",
        "mean time between two looks at the input",
        soft=(1.0, 100.0),
        hard=POSITIVE,
        scale="log",
    )
    V_th = ParameterSpec(
        1.0 * u.UNITLESS,
        r"\theta",
        "threshold from which on a look at the input switches the cell on",
        soft=(0.0, 5.0),
        group="threshold",
    )
    V_initializer = InitialSpec(0.0 * u.UNITLESS, "V(0)", "input at the start", soft=(-2.0, 2.0))
    spk_reset = ChoiceSpec(
        "soft",
        ("soft", "hard"),
        "accepted for the sake of the other models: nothing is reset",
        has_effect=False,
    )
    V = StateSpec(u.UNITLESS, "V", "input")
    on = StateSpec(u.UNITLESS, r"\sigma", "whether the cell is on", start=0.0 * u.UNITLESS)

    def update(self, x: Any = None) -> Any:
        """Take one step: add up the input, and look at it by chance; see `PointNeuron.update`."""
        before, on = self.V.value, self.on.value
        x = self.accept(x, self.input.unit, before)
        V = self.sum_delta_inputs(self.sum_current_inputs(x, before, pop=False))
        self.use_up_inputs()
        V = jnp.broadcast_to(V, jnp.shape(before))
        looks = brainstate.random.uniform(size=jnp.shape(before))
        elapsed = boundary.strip(self.dt / self.tau, u.UNITLESS)
        looks = jnp.asarray(looks < -jnp.expm1(-elapsed), jnp.float32)
        spikes = looks * self.get_spike(V)
        self.V.value = V
        self.on.value = on * (1.0 - looks) + spikes
        return spikes
