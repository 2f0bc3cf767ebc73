"""Linear integrate-and-fire neurons: IF, LIF, LIFRef, ALIF."""

from __future__ import annotations

from typing import Any, ClassVar

import saiunit as u

from engine.neurons.base import IntegrateAndFire, Values
from engine.refractory import Refractory
from engine.specs import (
    FREE,
    NON_NEGATIVE,
    NON_ZERO,
    POSITIVE,
    InitialSpec,
    InputSpec,
    ParameterSpec,
    StateSpec,
)

__all__ = ["ALIF", "IF", "LIF", "LIFRef"]


class IF(IntegrateAndFire):
    r"""Integrate-and-fire neuron with rest and reset at zero.

    .. math:: \tau \frac{dV}{dt} = -V + R I

    The potential leaks towards zero, although the model's historical name leaves the leak out. A
    spike at :math:`V \ge V_{th}` subtracts :math:`V_{th}` (soft reset) or sets :math:`V` to zero
    (hard reset).

    Notes
    -----
    *Deviations* from the reference implementation: the surrogate gradient sees
    :math:`(V - V_{th})/|V_{th}|`, so that a negative threshold does not turn the condition round
    (`positive-scale`); a threshold at zero, where it rests and is reset, is refused
    (`no-zero-threshold`).

    References
    ----------
    L. F. Abbott (1999). Lapicque's introduction of the integrate-and-fire model neuron (1907).
    Brain Research Bulletin 50, 303-304. doi:10.1016/S0361-9230(99)00161-6

    Examples
    --------
    Without input the potential leaks away: after one time constant a fraction 1/e is left.

    >>> import brainstate, saiunit as u
    >>> from engine import IF
    >>> neuron = IF(1, tau=5 * u.ms, V_initializer=0.5 * u.mV)
    >>> neuron.init_state()
    >>> with brainstate.environ.context(dt=5 * u.ms):
    ...     spikes = neuron()
    >>> f"{neuron.V.value[0].to_decimal(u.mV):.3f} mV"
    '0.184 mV'
    """

    __module__ = "engine"
    equation: ClassVar[str] = r"\tau \frac{dV}{dt} = -V + R I"

    R = ParameterSpec(
        1.0 * u.ohm,
        "R",
        "membrane resistance: how far a current moves the potential",
        soft=(0.1, 10.0),
        hard=POSITIVE,
        scale="log",
    )
    tau = ParameterSpec(
        5.0 * u.ms,
        r"\tau",
        "membrane time constant: how fast the potential follows its input and forgets it",
        soft=(1.0, 100.0),
        hard=POSITIVE,
        scale="log",
        time_constant=True,
    )
    V_th = ParameterSpec(
        1.0 * u.mV,
        r"V_{\mathrm{th}}",
        "threshold at which the neuron spikes",
        soft=(0.2, 5.0),
        hard=NON_ZERO,
        group="threshold",
    )
    V_initializer = InitialSpec(
        0.0 * u.mV, "V(0)", "membrane potential at the start", soft=(-2.0, 2.0)
    )

    V_reset: ClassVar[Any] = 0.0 * u.mV

    def drift(self, V: Any, x: Any) -> Any:
        """Time derivative of the potential."""
        return (-V + self.R * self.sum_current_inputs(x, V, pop=False)) / self.tau


class LIF(IF):
    r"""Leaky integrate-and-fire neuron.

    .. math:: \tau \frac{dV}{dt} = -(V - V_{rest}) + R I

    A spike at :math:`V \ge V_{th}` resets the potential; see `Neuron` for the two modes.

    References
    ----------
    W. Gerstner, W. M. Kistler, R. Naud and L. Paninski (2014). Neuronal Dynamics. Cambridge
    University Press, chapter 1.3. doi:10.1017/CBO9781107447615

    Examples
    --------
    >>> import brainstate, saiunit as u
    >>> from engine import LIF
    >>> neuron = LIF(2, tau=10 * u.ms)
    >>> neuron.init_state()
    >>> with brainstate.environ.context(dt=0.1 * u.ms):
    ...     spikes = neuron(0.5 * u.mA)
    >>> spikes.tolist()
    [0.0, 0.0]
    """

    __module__ = "engine"
    equation: ClassVar[str] = r"\tau \frac{dV}{dt} = -(V - V_{\mathrm{rest}}) + R I"
    below: ClassVar[tuple[tuple[str, str], ...]] = (("V_reset", "V_th"),)

    V_th = IF.V_th.but(hard=FREE)
    V_reset = ParameterSpec(
        0.0 * u.mV,
        r"V_{\mathrm{reset}}",
        "potential that a spike resets to",
        soft=(-2.0, 0.9),
        group="threshold",
        after="V_th",
    )
    V_rest = ParameterSpec(
        0.0 * u.mV,
        r"V_{\mathrm{rest}}",
        "resting potential, where the neuron settles without input",
        soft=(-2.0, 2.0),
        after="V_reset",
    )

    def drift(self, V: Any, x: Any) -> Any:
        """Time derivative of the potential."""
        current = self.sum_current_inputs(x, V, pop=False)
        return (-(V - self.V_rest) + self.R * current) / self.tau


class LIFRef(Refractory, LIF):
    r"""Leaky integrate-and-fire neuron with a refractory period.

    .. math::
        \tau \frac{dV}{dt} = -(V - V_{rest}) + R I
        \quad\text{unless}\quad t - t_{spike} < \tau_{ref}

    Notes
    -----
    *Deviations* from the reference implementation are those of `Refractory`.

    Examples
    --------
    However strong the input, two spikes are at least a refractory period apart.

    >>> import numpy as np, saiunit as u
    >>> from engine import LIFRef, simulate
    >>> drive = {"stimulus": "Constant", "stimulus__amplitude": 50 * u.mA, "noise": None}
    >>> run = simulate(LIFRef, tau_ref=5 * u.ms, spk_reset="hard", n=1, **drive)
    >>> bool(np.diff(run.spike_times).min() >= 5.0)
    True
    """

    __module__ = "engine"
    equation: ClassVar[str] = (
        r"\tau \frac{dV}{dt} = -(V - V_{\mathrm{rest}}) + R I,"
        r"\quad t - t_{\mathrm{spike}} \ge \tau_{\mathrm{ref}}"
    )
    input: ClassVar[InputSpec] = InputSpec(1.5 * u.mA, soft=(0.0, 5.0))

    ref_var: ClassVar[bool] = False  # no argument of this model


class ALIF(LIF):
    r"""Leaky integrate-and-fire neuron with an adaptive threshold.

    .. math::
        \tau \frac{dV}{dt} = -(V - V_{rest}) + R I, \qquad
        \tau_a \frac{da}{dt} = -a, \qquad a \leftarrow a + 1 \text{ at a spike}

    It spikes at :math:`V \ge V_{th} + \beta a`, so that every spike makes the next one harder. The
    soft reset subtracts :math:`V_{th} - V_{reset}`, not the raised threshold.

    References
    ----------
    G. Bellec, D. Salaj, A. Subramoney, R. Legenstein and W. Maass (2018). Long short-term memory
    and learning-to-learn in networks of spiking neurons. Advances in Neural Information Processing
    Systems 31. doi:10.48550/arXiv.1803.09574

    Examples
    --------
    Two spikes of adaptation raise the threshold by two times beta.

    >>> import saiunit as u
    >>> from engine import ALIF
    >>> neuron = ALIF(1, beta=0.25 * u.mV, a_initializer=2.0)
    >>> neuron.init_state()
    >>> neuron.threshold.to_decimal(u.mV).tolist()
    [1.5]
    """

    __module__ = "engine"
    equation: ClassVar[str] = (
        r"\tau \frac{dV}{dt} = -(V - V_{\mathrm{rest}}) + R I,"
        r"\quad \tau_a \frac{da}{dt} = -a,\quad V \ge V_{\mathrm{th}} + \beta a"
    )
    input: ClassVar[InputSpec] = InputSpec(2.0 * u.mA, soft=(0.0, 5.0))

    tau_a = ParameterSpec(
        100.0 * u.ms,
        r"\tau_a",
        "adaptation time constant: how long a spike keeps the threshold up",
        soft=(10.0, 1000.0),
        group="threshold",
        hard=POSITIVE,
        scale="log",
        time_constant=True,
        after="tau",
    )
    beta = ParameterSpec(
        0.1 * u.mV,
        r"\beta",
        "adaptation strength: how far a spike raises the threshold",
        soft=(0.0, 1.0),
        group="threshold",
        hard=NON_NEGATIVE,
        after="V_rest",
    )
    V_initializer = IF.V_initializer.but(after="spk_reset")
    a_initializer = InitialSpec(
        0.0, "a(0)", "adaptation at the start", soft=(0.0, 5.0), after="V_initializer"
    )
    a = StateSpec(u.UNITLESS, "a", "adaptation of the threshold")

    def threshold_of(self, state: Values) -> Any:
        """Threshold as the adaptation has raised it."""
        return self.V_th + self.beta * state["a"]

    def get_spike(self, V: Any = None, a: Any = None) -> Any:
        """Spikes of ``V`` and the adaptation ``a``, by default of the present state."""
        V = self.V.value if V is None else V
        return self._spike(V, self.threshold_of({"a": self.a.value if a is None else a}))

    def reset(self, now: Values, spike: Any) -> Values:
        """Reset the potential and raise the adaptation."""
        return super().reset(now, spike) | {"a": now["a"] + spike}

    def advance(self, held: Values, x: Any) -> Values:
        """Integrate the potential, and let the adaptation decay."""
        a = self.integrate(lambda a: -a / self.tau_a, held["a"])
        return super().advance(held, x) | {"a": a}
