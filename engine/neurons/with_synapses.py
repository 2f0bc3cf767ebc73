"""Leaky integrate-and-fire neurons with an exponential synapse inside: CubaLIF, CobaLIF."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import saiunit as u

from engine.neurons.base import IntegrateAndFire, Values
from engine.neurons.lif import IF, LIF
from engine.specs import InitialSpec, ParameterSpec, StateSpec

__all__ = ["CobaLIF", "CubaLIF", "ExponentialSynapse"]

DECAY = r"\quad \tau_{\mathrm{syn}} \frac{dg}{dt} = -g"
_Base = IntegrateAndFire if TYPE_CHECKING else object


class ExponentialSynapse(_Base):
    r"""A synapse that jumps at an arrival and decays, as a mixin: a model says what its ``g`` does.

    .. math:: \tau_{syn} \frac{dg}{dt} = -g

    Notes
    -----
    Delta inputs go into :math:`g` rather than into the potential, which is integrated under the
    new :math:`g`.

    References
    ----------
    T. P. Vogels and L. F. Abbott (2005). Signal propagation and logic gating in networks of
    integrate-and-fire neurons. Journal of Neuroscience 25, 10786-10795.
    doi:10.1523/JNEUROSCI.3508-05.2005
    """

    delta_state: ClassVar[str] = "g"

    tau_syn = ParameterSpec(
        5.0 * u.ms,
        r"\tau_{\mathrm{syn}}",
        "synaptic time constant: how long a presynaptic spike, or g(0), is felt",
        soft=(1.0, 100.0),
        hard=IF.tau.hard,
        scale="log",
        time_constant=True,
        after="tau",
    )

    def advance(self, held: Values, x: Any) -> Values:
        """Let the synapse decay and take its arrivals, then integrate the potential under it."""
        g = self.integrate(lambda g: -g / self.tau_syn, held["g"])
        g = self.sum_delta_inputs(g)
        V = self.integrate(lambda V: self.drift(V, x + self.synaptic_current(g, V)), held["V"])
        return held | {"V": V, "g": g}

    def synaptic_current(self, g: Any, V: Any) -> Any:
        """Give the current of the synapse at the potential ``V``.

        Raises
        ------
        NotImplementedError
            The model does not say what its ``g`` drives.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define synaptic_current()")


class CubaLIF(ExponentialSynapse, LIF):
    r"""Leaky integrate-and-fire neuron with current-based synapses.

    .. math::
        \tau \frac{dV}{dt} = -(V - V_{rest}) + R\,(g + I), \qquad
        \tau_{syn} \frac{dg}{dt} = -g

    A presynaptic spike jumps the synaptic current :math:`g`: delta inputs are currents here, and go
    into :math:`g` rather than into the potential.

    Examples
    --------
    An arriving spike jumps the synaptic current, not the potential.

    >>> import brainstate, saiunit as u
    >>> from engine import CubaLIF
    >>> neuron = CubaLIF(1)
    >>> neuron.init_state()
    >>> neuron.add_delta_input("arrival", 0.5 * u.mA)
    >>> with brainstate.environ.context(dt=0.1 * u.ms):
    ...     spikes = neuron()
    >>> neuron.g.value.to_decimal(u.mA).tolist(), bool(neuron.V.value[0] < 0.02 * u.mV)
    ([0.5], True)
    """

    __module__ = "engine"
    equation: ClassVar[str] = r"\tau \frac{dV}{dt} = -(V - V_{\mathrm{rest}}) + R (g + I)," + DECAY

    g_initializer = InitialSpec(
        0.0 * u.mA,
        "g(0)",
        "synaptic current at the start",
        soft=(0.0, 5.0),
        after="V_initializer",
    )
    g = StateSpec(u.mA, "g", "synaptic current")

    def synaptic_current(self, g: Any, V: Any) -> Any:
        """Give the current of the synapse: ``g`` itself."""
        return g


class CobaLIF(ExponentialSynapse, LIF):
    r"""Leaky integrate-and-fire neuron with conductance-based synapses.

    .. math::
        \tau \frac{dV}{dt} = -(V - V_{rest}) + R\,(g\,(E - V) + I), \qquad
        \tau_{syn} \frac{dg}{dt} = -g

    A presynaptic spike jumps the synaptic conductance :math:`g`: delta inputs are conductances
    here. The synapse pulls the potential towards :math:`E`, and the more weakly the closer it is.

    Examples
    --------
    The same conductance drives the less the closer the potential is to :math:`E`.

    >>> import saiunit as u
    >>> from engine import CobaLIF
    >>> neuron = CobaLIF(1, E=3 * u.mV)
    >>> currents = [neuron.synaptic_current(1 * u.siemens, V * u.mV) for V in (0.0, 2.0, 3.0)]
    >>> [float(current.to_decimal(u.mA)) for current in currents]
    [3.0, 1.0, 0.0]
    """

    __module__ = "engine"
    equation: ClassVar[str] = (
        r"\tau \frac{dV}{dt} = -(V - V_{\mathrm{rest}}) + R (g (E - V) + I)," + DECAY
    )

    E = ParameterSpec(
        0.0 * u.mV,
        "E",
        "reversal potential: where the synapse pulls the potential to",
        soft=(-5.0, 10.0),
        after="tau_syn",
    )
    g_initializer = CubaLIF.g_initializer.but(
        default=0.0 * u.siemens, meaning="synaptic conductance at the start", unit_text="S"
    )
    g = StateSpec(u.siemens, "g", "synaptic conductance")

    def synaptic_current(self, g: Any, V: Any) -> Any:
        """Give the current of the synapse at the potential ``V``."""
        return g * (self.E - V)
