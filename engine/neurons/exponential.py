"""Exponential integrate-and-fire neurons: ExpIF, AdExIF, and both with a refractory period."""

from __future__ import annotations

from typing import Any, ClassVar

import saiunit as u

from engine.neurons.adaptation import Adaptation
from engine.neurons.lif import IF, LIF
from engine.neurons.upstroke import Upstroke
from engine.refractory import Refractory
from engine.specs import POSITIVE, InputSpec, ParameterSpec, StateSpec

__all__ = ["AdExCell", "AdExIF", "AdExIFRef", "ExpIF", "ExpIFRef"]

LARGEST_EXPONENT = 20.0
"""Limit of (V - V_T) / delta_T: beyond it a spike is over within a step anyway."""


class ExpIF(Upstroke, LIF):
    r"""Exponential integrate-and-fire neuron: a leak, and a sodium current that starts the spike.

    .. math::
        \tau \frac{dV}{dt} = -(V - V_{rest}) + \Delta_T\, e^{(V - V_T)/\Delta_T} + R I

    Above about :math:`V_T` the potential runs away by itself: the upstroke of a spike, which
    :math:`V_{th}` only cuts off. The onset of firing is of type I: arbitrarily slow firing just
    above the rheobase.

    Notes
    -----
    *Deviations* from the reference implementation, which agree wherever that one is stable: the
    potential is stored at most 1 V above :math:`V_{th}`, where there it reaches :math:`10^9` mV
    (`bounded-upstroke`); a soft reset that would end above :math:`V_T` goes to :math:`V_{reset}`,
    where there it subtracts 38 mV from the overshoot and spikes again in almost every step
    (`soft-reset-below-onset`); a step of the upstroke does not overflow, nor does the gradient
    through it (`limited-growth`).

    References
    ----------
    N. Fourcaud-Trocmé, D. Hansel, C. van Vreeswijk and N. Brunel (2003). How spike generation
    mechanisms determine the neuronal response to fluctuating inputs. Journal of Neuroscience 23,
    11628-11640. doi:10.1523/JNEUROSCI.23-37-11628.2003

    Examples
    --------
    At the rheobase, :math:`R I = V_T - \Delta_T - V_{rest}`, the drift only just touches zero, at
    :math:`V_T`.

    >>> import saiunit as u
    >>> from engine import ExpIF
    >>> neuron = ExpIF(1)
    >>> rheobase = (neuron.V_T - neuron.delta_T - neuron.V_rest) / neuron.R
    >>> drifts = [neuron.drift(neuron.V_T + d * u.mV, rheobase) for d in (-1.0, 0.0, 1.0)]
    >>> [bool(drift > 1e-3 * u.mV / u.ms) for drift in drifts]
    [True, False, True]
    """

    __module__ = "engine"
    equation: ClassVar[str] = (
        r"\tau \frac{dV}{dt} = -(V - V_{\mathrm{rest}})"
        r" + \Delta_T \exp\left(\frac{V - V_T}{\Delta_T}\right) + R I"
    )
    input: ClassVar[InputSpec] = InputSpec(3.0 * u.mA, soft=(0.0, 20.0))
    overshoot: ClassVar[Any] = 1000.0 * u.mV

    R = IF.R.but(soft=(0.3, 3.0))
    tau = IF.tau.but(default=10.0 * u.ms)
    V_th = LIF.V_th.but(
        default=-30.0 * u.mV,
        meaning="threshold at which the upstroke counts as a spike and is cut off",
        soft=(-55.0, -10.0),
    )
    V_reset = LIF.V_reset.but(default=-68.0 * u.mV, soft=(-80.0, -55.0))
    V_rest = LIF.V_rest.but(default=-65.0 * u.mV, soft=(-80.0, -50.0))
    V_T = ParameterSpec(
        -59.9 * u.mV,
        "V_T",
        "onset of the upstroke: where the sodium current begins to win over the leak",
        soft=(-60.0, -45.0),
        after="V_rest",
    )
    delta_T = ParameterSpec(
        3.48 * u.mV,
        r"\Delta_T",
        "slope factor: how sharply the upstroke sets in",
        soft=(1.0, 10.0),
        hard=POSITIVE,
        after="V_T",
    )
    V_initializer = IF.V_initializer.but(default=-65.0 * u.mV, soft=(-80.0, -55.0))

    @property
    def onset(self) -> Any:
        """Membrane potential above which the upstroke takes over."""
        return self.V_T

    def drift(self, V: Any, x: Any) -> Any:
        """Time derivative of the potential."""
        exponent = u.math.minimum((V - self.V_T) / self.delta_T, LARGEST_EXPONENT)
        return super().drift(V, x) + self.delta_T * u.math.exp(exponent) / self.tau


class ExpIFRef(Refractory, ExpIF):
    r"""Exponential integrate-and-fire neuron with a refractory period.

    .. math::
        \tau \frac{dV}{dt} = -(V - V_{rest}) + \Delta_T\, e^{(V - V_T)/\Delta_T} + R I
        \quad\text{unless}\quad t - t_{spike} < \tau_{ref}

    Notes
    -----
    *Deviations* from the reference implementation are those of `ExpIF` and those of `Refractory`.

    Examples
    --------
    A state says who is refractory, if it is asked for.

    >>> import brainstate, saiunit as u
    >>> from engine import ExpIFRef
    >>> neuron = ExpIFRef(2, ref_var=True, V_initializer=[-65.0, -31.0] * u.mV)
    >>> neuron.init_state()
    >>> with brainstate.environ.context(dt=0.5 * u.ms, t=0 * u.ms):
    ...     neuron().tolist(), neuron.refractory.value.tolist()
    ([0.0, 1.0], [False, True])
    """

    __module__ = "engine"
    equation: ClassVar[str] = (
        ExpIF.equation + r",\quad t - t_{\mathrm{spike}} \ge \tau_{\mathrm{ref}}"
    )

    tau_ref = Refractory.tau_ref.but(default=1.7 * u.ms)


class AdExIF(Adaptation, ExpIF):
    r"""Adaptive exponential integrate-and-fire neuron: it fires, bursts or adapts like cortex does.

    .. math::
        \tau \frac{dV}{dt} &= -(V - V_{rest}) + \Delta_T\, e^{(V - V_T)/\Delta_T} - R w + R I \\
        \tau_w \frac{dw}{dt} &= a\,(V - V_{rest}) - w

    A spike adds :math:`b` to the adaptation current :math:`w`. See `Adaptation` for the order of a
    step.

    Notes
    -----
    *Deviations* from the reference implementation are those of `ExpIF`, which the default threshold
    of -55 mV never meets, and those of `Adaptation`.

    References
    ----------
    R. Brette and W. Gerstner (2005). Adaptive exponential integrate-and-fire model as an effective
    description of neuronal activity. Journal of Neurophysiology 94, 3637-3642.
    doi:10.1152/jn.00686.2005

    Examples
    --------
    A strong adaptation that every spike adds to makes the neuron slow down.

    >>> import saiunit as u
    >>> from engine import AdExIF, simulate
    >>> from engine.analysis.firing_patterns import classify_recording
    >>> run = simulate(AdExIF, a=0 * u.siemens, b=5 * u.mA, tau_w=300 * u.ms, noise=None, n=1)
    >>> classify_recording(run).label
    'adapting'
    """

    __module__ = "engine"
    equation: ClassVar[str] = (
        r"\tau \frac{dV}{dt} = -(V - V_{\mathrm{rest}})"
        r" + \Delta_T \exp\left(\frac{V - V_T}{\Delta_T}\right) - R w + R I,"
        r"\quad \tau_w \frac{dw}{dt} = a (V - V_{\mathrm{rest}}) - w"
    )
    input: ClassVar[InputSpec] = InputSpec(15.0 * u.mA, soft=(0.0, 50.0))

    V_th = ExpIF.V_th.but(default=-55.0 * u.mV)
    a = Adaptation.a.but(after="delta_T")


class AdExIFRef(Refractory, AdExIF):
    r"""Adaptive exponential integrate-and-fire neuron with a refractory period.

    .. math::
        \tau \frac{dV}{dt} &= -(V - V_{rest}) + \Delta_T\, e^{(V - V_T)/\Delta_T} - R w + R I \\
        \tau_w \frac{dw}{dt} &= a\,(V - V_{rest}) - w
        \quad\text{unless}\quad t - t_{spike} < \tau_{ref}

    The adaptation stands still too while the neuron is refractory.

    Notes
    -----
    *Deviations* from the reference implementation are those of `AdExIF` and those of `Refractory`.

    Examples
    --------
    A spike adds :math:`b` to the adaptation before the refractory period holds it.

    >>> import saiunit as u
    >>> from engine import AdExIFRef
    >>> neuron = AdExIFRef(1, b=2 * u.mA)
    >>> neuron.init_state()
    >>> held = neuron.reset({"V": -50.0 * u.mV, "w": 1.0 * u.mA}, spike=1.0)
    >>> held["w"].to_decimal(u.mA)
    3.0
    """

    __module__ = "engine"
    equation: ClassVar[str] = (
        AdExIF.equation + r",\quad t - t_{\mathrm{spike}} \ge \tau_{\mathrm{ref}}"
    )

    tau_ref = Refractory.tau_ref.but(default=1.7 * u.ms, after="tau_w")


class AdExCell(AdExIFRef):
    r"""Adaptive exponential integrate-and-fire neuron in the numbers of a pyramidal cell.

    .. math::
        \tau \frac{dV}{dt} &= -(V - V_{rest}) + \Delta_T\, e^{(V - V_T)/\Delta_T} - R w + R I \\
        \tau_w \frac{dw}{dt} &= a\,(V - V_{rest}) - w
        \quad\text{unless}\quad t - t_{spike} < \tau_{ref}

    `AdExIFRef` with other defaults: currents in pA, conductances in nS, a membrane of 100 MΩ.

    Notes
    -----
    *Deviations* from the reference implementation are those of `AdExIFRef`.

    References
    ----------
    E. Susin and A. Destexhe (2021). Integration, coincidence detection and resonance in networks of
    spiking neurons expressing gamma oscillations and asynchronous states. PLoS Computational
    Biology 17, e1009416. doi:10.1371/journal.pcbi.1009416

    Examples
    --------
    The intervals grow as every spike adds to the adaptation.

    >>> import numpy as np, saiunit as u
    >>> from engine import AdExCell, simulate
    >>> run = simulate(AdExCell, n=1, noise=None, stimulus__amplitude=400 * u.pA)
    >>> intervals = np.diff(run.spike_times)
    >>> bool(intervals[-1] > 1.5 * intervals[0])
    True
    """

    __module__ = "engine"
    input: ClassVar[InputSpec] = InputSpec(300.0 * u.pA, soft=(0.0, 1000.0))

    R = AdExIFRef.R.but(default=100.0 * u.Mohm, soft=(30.0, 300.0), unit_text="")
    tau = AdExIFRef.tau.but(default=15.0 * u.ms)
    tau_w = AdExIFRef.tau_w.but(default=500.0 * u.ms, soft=(10.0, 1000.0))
    tau_ref = AdExIFRef.tau_ref.but(default=5.0 * u.ms)
    V_th = AdExIFRef.V_th.but(default=-40.0 * u.mV, soft=(-48.0, -20.0))
    V_reset = AdExIFRef.V_reset.but(default=-65.0 * u.mV)
    V_T = AdExIFRef.V_T.but(default=-50.0 * u.mV)
    delta_T = AdExIFRef.delta_T.but(default=2.0 * u.mV, soft=(0.5, 5.0))
    a = AdExIFRef.a.but(default=4.0 * u.nS, soft=(0.0, 100.0), unit_text="")
    b = AdExIFRef.b.but(default=20.0 * u.pA, soft=(0.0, 200.0), unit_text="")
    spk_reset = AdExIFRef.spk_reset.but(default="hard")
    w_initializer = AdExIFRef.w_initializer.but(default=0.0 * u.pA, soft=(0.0, 200.0), unit_text="")
    w = StateSpec(u.pA, "w", "adaptation current")
