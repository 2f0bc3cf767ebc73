"""The adaptation current that the exponential and the quadratic models share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import saiunit as u

from engine.neurons.base import IntegrateAndFire, Values
from engine.specs import POSITIVE, InitialSpec, ParameterSpec, StateSpec

__all__ = ["Adaptation"]

if TYPE_CHECKING:

    class _Base(IntegrateAndFire):
        V_rest: Any
else:
    _Base = object


class Adaptation(_Base):
    r"""A current that follows the potential slowly, grows with every spike, and opposes the input.

    .. math::
        \tau_w \frac{dw}{dt} = a\,(V - V_{rest}) - w, \qquad w \leftarrow w + b \text{ at a spike}

    Notes
    -----
    The potential is integrated with the adaptation as the spike has left it, the adaptation then
    with the new potential. *Deviation* from the reference implementation: of an upstroke it sees at
    most the distance between reset and threshold above the threshold, so that the time step does
    not decide about adaptation (`adaptation-bound`).
    """

    tau_w = ParameterSpec(
        30.0 * u.ms,
        r"\tau_w",
        "adaptation time constant: how long the neuron remembers its spikes",
        soft=(5.0, 500.0),
        hard=POSITIVE,
        scale="log",
        time_constant=True,
        after="tau",
    )
    a = ParameterSpec(
        1.0 * u.siemens,
        "a",
        "subthreshold adaptation: how strongly the adaptation follows the potential",
        soft=(0.0, 5.0),
    )
    b = ParameterSpec(
        1.0 * u.mA,
        "b",
        "spike-triggered adaptation: how much a spike adds to the adaptation",
        soft=(0.0, 10.0),
        group="threshold",
        after="a",
    )
    w_initializer = InitialSpec(
        0.0 * u.mA,
        "w(0)",
        "adaptation current at the start",
        soft=(0.0, 20.0),
        after="V_initializer",
    )
    w = StateSpec(u.mA, "w", "adaptation current")

    def reset(self, now: Values, spike: Any) -> Values:
        """Reset the potential, and add the jump of the spike to the adaptation."""
        return super().reset(now, spike) | {"w": now["w"] + self.b * spike}

    def advance(self, held: Values, x: Any) -> Values:
        """Integrate the potential under what the adaptation leaves of the input, then both."""
        new = super().advance(held, x - held["w"])
        V = u.math.minimum(new["V"], self.V_th + self.spike_scale)

        def drift(w: Any) -> Any:
            return (self.a * (V - self.V_rest) - w) / self.tau_w

        return new | {"w": self.integrate(drift, held["w"])}
