"""The neuron of Izhikevich: two equations, and nearly all firing patterns of cortex."""

from __future__ import annotations

from typing import Any, ClassVar

import saiunit as u

from engine.neurons.base import Values
from engine.neurons.upstroke import Upstroke
from engine.refractory import Refractory
from engine.specs import POSITIVE, ChoiceSpec, InitialSpec, InputSpec, ParameterSpec, StateSpec

__all__ = ["Izhikevich", "IzhikevichRef"]

mV_per_ms = u.mV / u.ms


class Izhikevich(Upstroke):
    r"""Izhikevich's neuron: quadratic upstroke and a recovery variable.

    .. math::
        \frac{dV}{dt} = 0.04\,V^2 + 5 V + 140 - u + I, \qquad
        \frac{du}{dt} = a\,(b V - u)

    with :math:`V` in mV, :math:`u` and :math:`I` in mV/ms and time in ms. At :math:`V \ge V_{th}`,
    the peak of the spike, :math:`V \leftarrow c` and :math:`u \leftarrow u + d`, whatever the reset
    mode.

    Notes
    -----
    The peak of a spike depends on the time step (up to 80 mV at 0.1 ms, above 200 mV at 0.25 ms)
    and, through :math:`u`, its rate a little. *Deviations* from the reference implementation: the
    potential is stored at most 200 mV above :math:`V_{th}`, which a step of 0.25 ms does not reach
    at usual drive (there: 35 V at a step of 1 ms; `bounded-upstroke`); a step of the upstroke does
    not overflow (`limited-growth`); the surrogate gradient is scaled by :math:`|V_{th}|`, so that a
    negative threshold does not turn the condition round (`positive-scale`).

    References
    ----------
    E. M. Izhikevich (2003). Simple model of spiking neurons. IEEE Transactions on Neural Networks
    14, 1569-1572. doi:10.1109/TNN.2003.820440

    Examples
    --------
    With other numbers the regular spiking neuron chatters.

    >>> import saiunit as u
    >>> from engine import Izhikevich, simulate
    >>> from engine.analysis.firing_patterns import classify_recording
    >>> regular = simulate(Izhikevich, noise=None, n=1)
    >>> chattering = simulate(Izhikevich, c=-50 * u.mV, d=2 * u.mV / u.ms, noise=None, n=1)
    >>> classify_recording(regular).label, classify_recording(chattering).label
    ('tonic', 'bursting')
    """

    __module__ = "engine"
    equation: ClassVar[str] = (
        r"\frac{dV}{dt} = 0.04 V^2 + 5 V + 140 - u + I,\quad \frac{du}{dt} = a (b V - u)"
    )
    below: ClassVar[tuple[tuple[str, str], ...]] = (("c", "V_th"),)
    input: ClassVar[InputSpec] = InputSpec(10.0 * mV_per_ms, soft=(0.0, 30.0))
    largest_dt: ClassVar[Any] = 0.25 * u.ms
    draws_spike: ClassVar[bool] = False

    # Izhikevich (2003), equation 1: fitted to the spike initiation of a cortical neuron
    p1: ClassVar[Any] = 0.04 * u.ms**-1 * u.mV**-1
    p2: ClassVar[Any] = 5.0 * u.ms**-1
    p3: ClassVar[Any] = 140.0 * mV_per_ms

    spk_reset = ChoiceSpec(
        "hard",
        ("soft", "hard"),
        "accepted for the sake of the other models: a spike always resets to c",
        has_effect=False,
    )
    a = ParameterSpec(
        u.Quantity(0.02, unit=u.ms**-1),
        "a",
        "rate of recovery: how fast the recovery variable follows",
        soft=(0.005, 0.2),
        hard=POSITIVE,
        scale="log",
        unit_text="1/ms",
    )
    b = ParameterSpec(
        u.Quantity(0.2, unit=u.ms**-1),
        "b",
        "sensitivity of recovery to the potential below threshold",
        soft=(0.05, 0.3),
        unit_text="1/ms",
    )
    c = ParameterSpec(
        -65.0 * u.mV,
        "c",
        "potential that a spike resets to",
        soft=(-80.0, -40.0),
        group="threshold",
    )
    d = ParameterSpec(
        8.0 * mV_per_ms,
        "d",
        "recovery after a spike: how much a spike adds to the recovery variable",
        soft=(0.0, 12.0),
        group="threshold",
    )
    V_th = ParameterSpec(
        30.0 * u.mV,
        r"V_{\mathrm{th}}",
        "peak of the spike, where the potential is reset",
        soft=(-30.0, 60.0),
        group="threshold",
    )
    V_initializer = InitialSpec(
        -65.0 * u.mV, "V(0)", "membrane potential at the start", soft=(-80.0, -55.0)
    )
    u_initializer = InitialSpec(
        0.0 * mV_per_ms, "u(0)", "recovery variable at the start", soft=(-20.0, 20.0)
    )
    u = StateSpec(mV_per_ms, "u", "recovery variable")

    @property
    def V_reset(self) -> Any:
        """What the other models call :math:`c`."""
        return self.c

    @property
    def spike_scale(self) -> Any:
        """Potential that counts as 1 in the argument of the surrogate gradient; positive."""
        return u.math.abs(self.V_th)

    def reset_potential(self, V: Any, spike: Any) -> Any:
        """Membrane potential after a spike; a gradient does not pass through its end."""
        return u.math.where(spike > 0, self.c, V)

    def reset(self, now: Values, spike: Any) -> Values:
        """Reset the potential, and add the jump of the spike to the recovery variable."""
        return super().reset(now, spike) | {"u": now["u"] + self.d * spike}

    def advance(self, held: Values, x: Any) -> Values:
        """Integrate the potential, then the recovery variable under the new potential."""
        new = super().advance(held, x - held["u"])
        recovery = self.integrate(lambda w: self.a * (self.b * new["V"] - w), held["u"])
        return new | {"u": recovery}

    def drift(self, V: Any, x: Any) -> Any:
        """Time derivative of the potential."""
        return self.p1 * V * V + self.p2 * V + self.p3 + self.sum_current_inputs(x, V, pop=False)


class IzhikevichRef(Refractory, Izhikevich):
    r"""Izhikevich's neuron with a refractory period.

    .. math::
        \frac{dV}{dt} = 0.04\,V^2 + 5 V + 140 - u + I, \qquad
        \frac{du}{dt} = a\,(b V - u)
        \quad\text{unless}\quad t - t_{spike} < \tau_{ref}

    The recovery variable stands still too while the neuron is refractory.

    Notes
    -----
    *Deviations* from the reference implementation are those of `Izhikevich` and those of
    `Refractory`.

    Examples
    --------
    A spike resets to :math:`c` and adds :math:`d` to :math:`u`, whatever the reset mode.

    >>> import saiunit as u
    >>> from engine import IzhikevichRef
    >>> neuron = IzhikevichRef(1, tau_ref=2 * u.ms, spk_reset="soft")
    >>> neuron.init_state()
    >>> held = neuron.reset({"V": [40.0] * u.mV, "u": [-13.0] * u.mV / u.ms}, spike=1.0)
    >>> held["V"].to_decimal(u.mV).tolist(), held["u"].to_decimal(u.mV / u.ms).tolist()
    ([-65.0], [-5.0])
    """

    __module__ = "engine"
    equation: ClassVar[str] = (
        Izhikevich.equation + r",\quad t - t_{\mathrm{spike}} \ge \tau_{\mathrm{ref}}"
    )

    tau_ref = Refractory.tau_ref.but(default=0.0 * u.ms, after="V_th")
