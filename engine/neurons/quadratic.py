"""Quadratic integrate-and-fire neurons: QuaIF, AdQuaIF, AdQuaIFRef."""

from __future__ import annotations

from typing import Any, ClassVar

import saiunit as u

from engine.neurons.adaptation import Adaptation
from engine.neurons.exponential import ExpIF
from engine.neurons.lif import IF, LIF
from engine.neurons.upstroke import Upstroke
from engine.refractory import Refractory
from engine.specs import POSITIVE, InputSpec, ParameterSpec

__all__ = ["AdQuaIF", "AdQuaIFRef", "QuaIF"]


class QuaIF(Upstroke, IF):
    r"""Quadratic integrate-and-fire neuron: the simplest neuron that makes its own upstroke.

    .. math::
        \tau \frac{dV}{dt} = c\,(V - V_{rest})(V - V_c) + R I

    It rests at :math:`V_{rest}` and spikes once it is pushed past :math:`V_c`. It is the normal
    form of every neuron of type I near the onset of firing, which lies at
    :math:`R I = c\,(V_c - V_{rest})^2 / 4`.

    Notes
    -----
    *Deviations* from the reference implementation, where a step passes the threshold by far only:
    the potential is stored at most 200 mV above :math:`V_{th}` (`bounded-upstroke`), a soft reset
    that would end above :math:`V_c` goes to :math:`V_{reset}` (`soft-reset-below-onset`), and a
    step of the upstroke does not overflow (`limited-growth`).

    References
    ----------
    P. E. Latham, B. J. Richmond, P. G. Nelson and S. Nirenberg (2000). Intrinsic dynamics in
    neuronal networks. I. Theory. Journal of Neurophysiology 83, 808-827.
    doi:10.1152/jn.2000.83.2.808

    Examples
    --------
    Below :math:`V_c` the potential falls back to rest, above it runs away by itself.

    >>> import saiunit as u
    >>> from engine import QuaIF
    >>> neuron = QuaIF(1, V_c=-50 * u.mV)
    >>> [bool(neuron.drift(V * u.mV, 0 * u.mA) > 0 * u.mV / u.ms) for V in (-51.0, -49.0)]
    [False, True]
    """

    __module__ = "engine"
    equation: ClassVar[str] = r"\tau \frac{dV}{dt} = c (V - V_{\mathrm{rest}}) (V - V_c) + R I"
    below: ClassVar[tuple[tuple[str, str], ...]] = LIF.below
    input: ClassVar[InputSpec] = InputSpec(10.0 * u.mA, soft=(0.0, 30.0))

    R = ExpIF.R.but()
    tau = ExpIF.tau.but()
    V_th = ExpIF.V_th.but(soft=(-45.0, 0.0))
    V_reset = ExpIF.V_reset.but()
    V_rest = ExpIF.V_rest.but()
    V_c = ParameterSpec(
        -50.0 * u.mV,
        "V_c",
        "critical potential: past it the neuron spikes without further input",
        soft=(-60.0, -40.0),
        after="V_rest",
    )
    c = ParameterSpec(
        0.07 * u.mV**-1,
        "c",
        "curvature: how strongly the potential is driven away from its critical value",
        soft=(0.01, 0.3),
        hard=POSITIVE,
        scale="log",
        after="V_c",
    )
    V_initializer = ExpIF.V_initializer.but()

    @property
    def onset(self) -> Any:
        """Membrane potential above which the upstroke takes over."""
        return u.math.maximum(self.V_c, self.V_rest)

    def drift(self, V: Any, x: Any) -> Any:
        """Time derivative of the potential."""
        current = self.sum_current_inputs(x, V, pop=False)
        return (self.c * (V - self.V_rest) * (V - self.V_c) + self.R * current) / self.tau


class AdQuaIF(Adaptation, QuaIF):
    r"""Adaptive quadratic integrate-and-fire neuron.

    .. math::
        \tau \frac{dV}{dt} &= c\,(V - V_{rest})(V - V_c) - R w + R I \\
        \tau_w \frac{dw}{dt} &= a\,(V - V_{rest}) - w

    A spike adds :math:`b` to the adaptation current :math:`w`. With other units and another reset
    it is the model of Izhikevich. See `Adaptation` for the order of a step.

    Notes
    -----
    *Deviations* from the reference implementation are those of `QuaIF` and those of `Adaptation`.

    References
    ----------
    E. M. Izhikevich (2004). Which model to use for cortical spiking neurons? IEEE Transactions on
    Neural Networks 15, 1063-1070. doi:10.1109/TNN.2004.832719

    Examples
    --------
    The adaptation works against the input: what it takes, the drift lacks.

    >>> import brainstate, saiunit as u
    >>> from engine import AdQuaIF
    >>> neuron = AdQuaIF(2, w_initializer=[0.0, 10.0] * u.mA)
    >>> neuron.init_state()
    >>> with brainstate.environ.context(dt=0.1 * u.ms):
    ...     spikes = neuron(10 * u.mA)
    >>> bool(neuron.V.value[0] > -65 * u.mV), bool(u.math.allclose(neuron.V.value[1], -65 * u.mV))
    (True, True)
    """

    __module__ = "engine"
    equation: ClassVar[str] = (
        r"\tau \frac{dV}{dt} = c (V - V_{\mathrm{rest}}) (V - V_c) - R w + R I,"
        r"\quad \tau_w \frac{dw}{dt} = a (V - V_{\mathrm{rest}}) - w"
    )
    input: ClassVar[InputSpec] = InputSpec(20.0 * u.mA, soft=(0.0, 50.0))

    tau_w = Adaptation.tau_w.but(default=10.0 * u.ms)
    a = Adaptation.a.but(after="c")
    b = Adaptation.b.but(default=0.1 * u.mA)


class AdQuaIFRef(Refractory, AdQuaIF):
    r"""Adaptive quadratic integrate-and-fire neuron with a refractory period.

    .. math::
        \tau \frac{dV}{dt} &= c\,(V - V_{rest})(V - V_c) - R w + R I \\
        \tau_w \frac{dw}{dt} &= a\,(V - V_{rest}) - w
        \quad\text{unless}\quad t - t_{spike} < \tau_{ref}

    The adaptation stands still too while the neuron is refractory.

    Notes
    -----
    *Deviations* from the reference implementation are those of `AdQuaIF` and those of
    `Refractory`.

    Examples
    --------
    Right after a spike a neuron stays where the reset has put it, whatever comes in.

    >>> import brainstate, saiunit as u
    >>> from engine import AdQuaIFRef
    >>> neuron = AdQuaIFRef(1, V_initializer=-31 * u.mV, spk_reset="hard")
    >>> neuron.init_state()
    >>> with brainstate.environ.context(dt=0.1 * u.ms):
    ...     for i in range(3):
    ...         with brainstate.environ.context(i=i):
    ...             spikes = neuron(100 * u.mA)
    >>> neuron.V.value.to_decimal(u.mV).tolist()
    [-68.0]
    """

    __module__ = "engine"
    equation: ClassVar[str] = (
        AdQuaIF.equation + r",\quad t - t_{\mathrm{spike}} \ge \tau_{\mathrm{ref}}"
    )

    tau_ref = Refractory.tau_ref.but(default=1.7 * u.ms, after="tau_w")
