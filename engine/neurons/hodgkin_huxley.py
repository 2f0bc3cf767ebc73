"""Neurons whose channels make the spike: HH, WangBuzsakiHH, MorrisLecar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import braintools
import saiunit as u

from engine import boundary
from engine.neurons.base import Crossing, Values
from engine.specs import POSITIVE, InitialSpec, InputSpec, ParameterSpec, StateSpec

__all__ = ["HH", "MorrisLecar", "WangBuzsakiHH"]

PER_MS = u.ms**-1
LOWEST_START: Any = -70.0 * u.mV
HIGHEST_START: Any = -60.0 * u.mV
FASTEST = 1e4
"""Limit of a rate in 1/ms: a gate at it has settled in any step, and it does not overflow."""


CAPACITANCE = ParameterSpec(
    1.0 * u.ufarad,
    "C",
    "membrane capacitance: how much charge moves the potential",
    soft=(0.5, 5.0),
    hard=POSITIVE,
    scale="log",
)
CROSSING = ParameterSpec(
    20.0 * u.mV,
    r"V_{\mathrm{th}}",
    "potential whose crossing from below counts as a spike",
    soft=(-20.0, 30.0),
    group="threshold",
)


def reversal(default: float, symbol: str, ion: str, soft: tuple[float, float]) -> ParameterSpec:
    """Declare the reversal potential of an ion."""
    return ParameterSpec(default * u.mV, symbol, f"reversal potential of {ion}", soft=soft)


def conductance(default: float, symbol: str, of: str, soft: tuple[float, float]) -> ParameterSpec:
    """Declare a maximal conductance."""
    meaning = f"conductance of {of}"
    return ParameterSpec(default * u.mS, symbol, meaning, soft=soft, hard=POSITIVE, scale="log")


class Conductances(Crossing):
    """A membrane with a capacity, ionic currents, and gates with their rates.

    All gates are integrated with their rates at the potential before the step, the potential with
    the gates from before the step.
    """

    input: ClassVar[InputSpec] = InputSpec(10.0 * u.uA, soft=(0.0, 20.0))
    gates: ClassVar[tuple[str, ...]] = ()
    """Names of the states that have `rates`."""

    C: Any

    def currents(self, V: Any, state: Values) -> Any:
        """Sum of the ionic currents out of the cell, with the gates of ``state``."""
        raise NotImplementedError(f"{type(self).__name__} does not define currents()")

    def rates(self, gate: str, V: Any) -> tuple[Any, Any]:
        """Rates at which a gate opens and closes."""
        opening, closing = getattr(self, f"{gate}_alpha")(V), getattr(self, f"{gate}_beta")(V)
        return opening, closing

    def steady(self, gate: str, V: Any) -> Any:
        """Value that a gate approaches at the potential ``V``."""
        opening, closing = self.rates(gate, V)
        return opening / (opening + closing)

    def _start(self, spec: StateSpec, batch_size: int | None, rng: Any) -> Any:
        if getattr(self, f"{spec.name}_initializer") is None:
            return self.steady(spec.name, self.V.value)
        return super()._start(spec, batch_size, rng)

    def flow(self, held: Values, current: Any) -> Values:
        """Integrate the potential with the gates held, and the gates with the potential held."""
        V = held["V"]
        new = {"V": self.integrate(lambda V: (current - self.currents(V, held)) / self.C, V)}
        return new | {gate: self.move(gate, held[gate], V) for gate in self.gates}

    def move(self, gate: str, now: Any, V: Any) -> Any:
        """Integrate one gate at a potential that is held."""
        opening, closing = self.rates(gate, V)
        return self.integrate(lambda x: opening * (1.0 - x) - closing * x, now)


def rate(number: Any) -> Any:
    """Make a number per millisecond a rate, and keep it from overflowing."""
    return u.Quantity(u.math.minimum(number, FASTEST), unit=PER_MS)


def gate_start(gate: str, default: Any) -> InitialSpec:
    """Declare the start value of a gate; None is its steady state."""
    return InitialSpec(default, f"{gate}(0)", f"gate {gate} at the start", soft=(0.0, 1.0))


class HH(Conductances):
    r"""Hodgkin and Huxley's neuron: sodium and potassium channels make the action potential.

    .. math::
        C \frac{dV}{dt} &= g_{Na} m^3 h\,(E_{Na} - V) + g_K n^4 (E_K - V) + g_L (E_L - V) + I \\
        \frac{dx}{dt} &= \alpha_x(V)\,(1 - x) - \beta_x(V)\,x, \qquad x \in \{m, h, n\}

    with the rates of 1952 for a resting potential near -65 mV (:math:`V` in mV, rates in 1/ms):

    .. math::
        \alpha_m &= \frac{0.1\,(V + 40)}{1 - e^{-(V + 40)/10}}, \quad
        \beta_m = 4 e^{-(V + 65)/18}, \quad
        \alpha_h = 0.07 e^{-(V + 65)/20}, \quad
        \beta_h = \frac{1}{1 + e^{-(V + 35)/10}} \\
        \alpha_n &= \frac{0.01\,(V + 55)}{1 - e^{-(V + 55)/10}}, \quad
        \beta_n = 0.125 e^{-(V + 65)/80}

    Gates start at their steady state unless they are given.

    Notes
    -----
    *Deviations* from the reference implementation: the leak is the classical 0.3 mS, where there
    it is 0.03, which rests at -70.7 mV instead of -65 (`classical-leak`); the surrogate gradient is
    scaled by :math:`|V_{th}|`, so that a negative threshold does not turn the condition round
    (`positive-scale`).

    References
    ----------
    A. L. Hodgkin and A. F. Huxley (1952). A quantitative description of membrane current and its
    application to conduction and excitation in nerve. Journal of Physiology 117, 500-544.
    doi:10.1113/jphysiol.1952.sp004764

    Examples
    --------
    At rest sodium is nearly closed, and more than half of it could open.

    >>> import saiunit as u
    >>> from engine import HH
    >>> neuron = HH(1)
    >>> [round(float(neuron.steady(gate, -65 * u.mV)), 3) for gate in ("m", "h", "n")]
    [0.053, 0.596, 0.318]
    """

    __module__ = "engine"
    equation: ClassVar[str] = (
        r"C \frac{dV}{dt} = g_{\mathrm{Na}} m^3 h (E_{\mathrm{Na}} - V)"
        r" + g_{\mathrm{K}} n^4 (E_{\mathrm{K}} - V) + g_{\mathrm{L}} (E_{\mathrm{L}} - V) + I,"
        r"\quad \frac{dm}{dt} = \alpha_m (1 - m) - \beta_m m,"
        r"\quad \frac{dh}{dt} = \alpha_h (1 - h) - \beta_h h,"
        r"\quad \frac{dn}{dt} = \alpha_n (1 - n) - \beta_n n"
    )
    functions: ClassVar[Mapping[str, str]] = {
        r"\alpha_m": r"\frac{0.1 (V + 40)}{1 - e^{-(V + 40)/10}}",
        r"\beta_m": r"4 e^{-(V + 65)/18}",
        r"\alpha_h": r"0.07 e^{-(V + 65)/20}",
        r"\beta_h": r"\frac{1}{1 + e^{-(V + 35)/10}}",
        r"\alpha_n": r"\frac{0.01 (V + 55)}{1 - e^{-(V + 55)/10}}",
        r"\beta_n": r"0.125 e^{-(V + 65)/80}",
    }
    largest_dt: ClassVar[Any] = 0.05 * u.ms
    gates: ClassVar[tuple[str, ...]] = ("m", "h", "n")

    ENa = reversal(50.0, r"E_{\mathrm{Na}}", "sodium", (30.0, 70.0))
    gNa = conductance(120.0, r"g_{\mathrm{Na}}", "the sodium channels", (60.0, 200.0))
    EK = reversal(-77.0, r"E_{\mathrm{K}}", "potassium", (-95.0, -65.0))
    gK = conductance(36.0, r"g_{\mathrm{K}}", "the potassium channels", (10.0, 80.0))
    EL = reversal(-54.387, r"E_{\mathrm{L}}", "the leak", (-75.0, -45.0))
    gL = conductance(0.3, r"g_{\mathrm{L}}", "the leak", (0.1, 1.0))
    V_th = CROSSING.but()
    C = CAPACITANCE.but()
    V_initializer = InitialSpec(
        braintools.init.Uniform(LOWEST_START, HIGHEST_START),
        "V(0)",
        "membrane potential at the start",
        soft=(-80.0, -50.0),
        unit_text="mV",
    )
    m_initializer = gate_start("m", None)
    h_initializer = gate_start("h", None)
    n_initializer = gate_start("n", None)
    m = StateSpec(u.UNITLESS, "m", "activation of sodium")
    h = StateSpec(u.UNITLESS, "h", "inactivation of sodium, which ends the upstroke")
    n = StateSpec(u.UNITLESS, "n", "activation of potassium")

    def currents(self, V: Any, state: Values) -> Any:
        """Sum of the sodium, potassium and leak currents."""
        sodium = self.gNa * state["m"] ** 3 * state["h"] * (V - self.ENa)
        potassium = self.gK * state["n"] ** 4 * (V - self.EK)
        return sodium + potassium + self.gL * (V - self.EL)

    def m_alpha(self, V: Any) -> Any:
        """Rate at which the activation of sodium opens."""
        return rate(1.0 / u.math.exprel(-(boundary.strip(V, u.mV) + 40.0) / 10.0))

    def m_beta(self, V: Any) -> Any:
        """Rate at which the activation of sodium closes."""
        return rate(4.0 * u.math.exp(-(boundary.strip(V, u.mV) + 65.0) / 18.0))

    def m_inf(self, V: Any) -> Any:
        """Activation of sodium in the long run."""
        return self.steady("m", V)

    def h_alpha(self, V: Any) -> Any:
        """Rate at which the inactivation of sodium is lifted."""
        return rate(0.07 * u.math.exp(-(boundary.strip(V, u.mV) + 65.0) / 20.0))

    def h_beta(self, V: Any) -> Any:
        """Rate at which sodium inactivates."""
        return rate(1.0 / (1.0 + u.math.exp(-(boundary.strip(V, u.mV) + 35.0) / 10.0)))

    def h_inf(self, V: Any) -> Any:
        """Inactivation of sodium in the long run."""
        return self.steady("h", V)

    def n_alpha(self, V: Any) -> Any:
        """Rate at which potassium opens."""
        return rate(0.1 / u.math.exprel(-(boundary.strip(V, u.mV) + 55.0) / 10.0))

    def n_beta(self, V: Any) -> Any:
        """Rate at which potassium closes."""
        return rate(0.125 * u.math.exp(-(boundary.strip(V, u.mV) + 65.0) / 80.0))

    def n_inf(self, V: Any) -> Any:
        """Activation of potassium in the long run."""
        return self.steady("n", V)


class WangBuzsakiHH(Conductances):
    r"""Wang and Buzsáki's fast-spiking interneuron of the hippocampus.

    .. math::
        C \frac{dV}{dt} &= g_{Na} m_\infty^3 h\,(E_{Na} - V) + g_K n^4 (E_K - V) + g_L (E_L - V)
        + I \\
        \frac{dx}{dt} &= \varphi\,\bigl(\alpha_x(V)\,(1 - x) - \beta_x(V)\,x\bigr),
        \qquad x \in \{h, n\}

    with sodium activated at once and :math:`\varphi` for the temperature (:math:`V` in mV, rates in
    1/ms):

    .. math::
        \alpha_m &= \frac{0.1\,(V + 35)}{1 - e^{-(V + 35)/10}}, \quad
        \beta_m = 4 e^{-(V + 60)/18}, \quad
        \alpha_h = 0.07 e^{-(V + 58)/20}, \quad
        \beta_h = \frac{1}{1 + e^{-(V + 28)/10}} \\
        \alpha_n &= \frac{0.01\,(V + 34)}{1 - e^{-(V + 34)/10}}, \quad
        \beta_n = 0.125 e^{-(V + 44)/80}

    Notes
    -----
    *Deviation* from the reference implementation: the surrogate gradient is scaled by
    :math:`|V_{th}|`, so that a negative threshold does not turn the condition round
    (`positive-scale`).

    References
    ----------
    X.-J. Wang and G. Buzsáki (1996). Gamma oscillation by synaptic inhibition in a hippocampal
    interneuronal network model. Journal of Neuroscience 16, 6402-6413.
    doi:10.1523/JNEUROSCI.16-20-06402.1996

    Examples
    --------
    The potassium channels recover faster than in a cell without :math:`\varphi`.

    >>> import saiunit as u
    >>> from engine import WangBuzsakiHH
    >>> opening, closing = WangBuzsakiHH(1, phi=5.0).rates("n", -65 * u.mV)
    >>> slow, _ = WangBuzsakiHH(1, phi=1.0).rates("n", -65 * u.mV)
    >>> round(float(opening / slow), 3), bool(closing > opening)
    (5.0, True)
    """

    __module__ = "engine"
    equation: ClassVar[str] = (
        r"C \frac{dV}{dt} = g_{\mathrm{Na}} m_\infty^3 h (E_{\mathrm{Na}} - V)"
        r" + g_{\mathrm{K}} n^4 (E_{\mathrm{K}} - V) + g_{\mathrm{L}} (E_{\mathrm{L}} - V) + I,"
        r"\quad \frac{dh}{dt} = \varphi (\alpha_h (1 - h) - \beta_h h),"
        r"\quad \frac{dn}{dt} = \varphi (\alpha_n (1 - n) - \beta_n n)"
    )
    functions: ClassVar[Mapping[str, str]] = {
        r"m_\infty": r"\frac{\alpha_m}{\alpha_m + \beta_m}",
        r"\alpha_m": r"\frac{0.1 (V + 35)}{1 - e^{-(V + 35)/10}}",
        r"\beta_m": r"4 e^{-(V + 60)/18}",
        r"\alpha_h": r"0.07 e^{-(V + 58)/20}",
        r"\beta_h": r"\frac{1}{1 + e^{-(V + 28)/10}}",
        r"\alpha_n": r"\frac{0.01 (V + 34)}{1 - e^{-(V + 34)/10}}",
        r"\beta_n": r"0.125 e^{-(V + 44)/80}",
    }
    input: ClassVar[InputSpec] = InputSpec(1.0 * u.uA, soft=(0.0, 10.0))
    largest_dt: ClassVar[Any] = 0.05 * u.ms
    gates: ClassVar[tuple[str, ...]] = ("h", "n")

    ENa = HH.ENa.but(default=55.0 * u.mV)
    gNa = HH.gNa.but(default=35.0 * u.mS, soft=(15.0, 100.0))
    EK = HH.EK.but(default=-90.0 * u.mV, soft=(-100.0, -75.0))
    gK = HH.gK.but(default=9.0 * u.mS, soft=(3.0, 30.0))
    EL = HH.EL.but(default=-65.0 * u.mV)
    gL = HH.gL.but(default=0.1 * u.mS, soft=(0.05, 0.5))
    V_th = CROSSING.but()
    phi = ParameterSpec(
        5.0,
        r"\varphi",
        "speed of the gates: the temperature factor of their rates",
        soft=(1.0, 10.0),
        hard=POSITIVE,
    )
    C = CAPACITANCE.but()
    V_initializer = InitialSpec(
        -65.0 * u.mV,
        "V(0)",
        "membrane potential at the start",
        soft=(-80.0, -55.0),
    )
    h_initializer = gate_start("h", 0.6)
    n_initializer = gate_start("n", 0.32)
    h = StateSpec(u.UNITLESS, "h", "inactivation of sodium, which ends the upstroke")
    n = StateSpec(u.UNITLESS, "n", "activation of potassium")

    def flow(self, held: Values, current: Any) -> Values:
        """Integrate as the base does, with sodium activated at the potential before the step."""
        return super().flow(held | {"m": self.m_inf(held["V"])}, current)

    currents = HH.currents

    def rates(self, gate: str, V: Any) -> tuple[Any, Any]:
        """Rates at which a gate opens and closes, at the model's temperature."""
        opening, closing = super().rates(gate, V)
        return self.phi * opening, self.phi * closing

    def m_inf(self, V: Any) -> Any:
        """Activation of sodium."""
        V = boundary.strip(V, u.mV)
        opening = rate(1.0 / u.math.exprel(-(V + 35.0) / 10.0))
        closing = rate(4.0 * u.math.exp(-(V + 60.0) / 18.0))
        return opening / (opening + closing)

    def h_alpha(self, V: Any) -> Any:
        """Rate at which the inactivation of sodium is lifted."""
        return rate(0.07 * u.math.exp(-(boundary.strip(V, u.mV) + 58.0) / 20.0))

    def h_beta(self, V: Any) -> Any:
        """Rate at which sodium inactivates."""
        return rate(1.0 / (1.0 + u.math.exp(-(boundary.strip(V, u.mV) + 28.0) / 10.0)))

    def h_inf(self, V: Any) -> Any:
        """Inactivation of sodium in the long run."""
        return self.steady("h", V)

    def n_alpha(self, V: Any) -> Any:
        """Rate at which potassium opens."""
        return rate(0.1 / u.math.exprel(-(boundary.strip(V, u.mV) + 34.0) / 10.0))

    def n_beta(self, V: Any) -> Any:
        """Rate at which potassium closes."""
        return rate(0.125 * u.math.exp(-(boundary.strip(V, u.mV) + 44.0) / 80.0))

    def n_inf(self, V: Any) -> Any:
        """Activation of potassium in the long run."""
        return self.steady("n", V)


class MorrisLecar(Conductances):
    r"""Morris and Lecar's muscle fibre of the barnacle: two channels in two dimensions.

    .. math::
        C \frac{dV}{dt} &= g_{Ca} M_\infty (V_{Ca} - V) + g_K W (V_K - V)
        + g_{leak} (V_{leak} - V) + I \\
        \frac{dW}{dt} &= \varphi \cosh\left(\frac{V - V_3}{2 V_4}\right) (W_\infty - W)

    with calcium activated at once,
    :math:`M_\infty = \bigl(1 + \tanh((V - V_1)/V_2)\bigr)/2` and
    :math:`W_\infty = \bigl(1 + \tanh((V - V_3)/V_4)\bigr)/2`. At its defaults the onset of firing
    is of type II: it starts at a finite rate.

    Notes
    -----
    *Deviation* from the reference implementation: the surrogate gradient is scaled by
    :math:`|V_{th}|`, so that a negative threshold does not turn the condition round
    (`positive-scale`).

    References
    ----------
    C. Morris and H. Lecar (1981). Voltage oscillations in the barnacle giant muscle fiber.
    Biophysical Journal 35, 193-213. doi:10.1016/S0006-3495(81)84782-0

    Examples
    --------
    At :math:`V_1` half of the calcium channels are open, at :math:`V_3` half of the potassium.

    >>> from engine import MorrisLecar
    >>> neuron = MorrisLecar(1)
    >>> float(neuron.M_inf(neuron.V1)), float(neuron.W_inf(neuron.V3))
    (0.5, 0.5)
    """

    __module__ = "engine"
    equation: ClassVar[str] = (
        r"C \frac{dV}{dt} = g_{\mathrm{Ca}} M_\infty (V_{\mathrm{Ca}} - V)"
        r" + g_{\mathrm{K}} W (V_{\mathrm{K}} - V)"
        r" + g_{\mathrm{leak}} (V_{\mathrm{leak}} - V) + I,"
        r"\quad \frac{dW}{dt} = \varphi \cosh\left(\frac{V - V_3}{2 V_4}\right)"
        r" \left(\frac{1 + \tanh\left(\frac{V - V_3}{V_4}\right)}{2} - W\right),"
        r"\quad M_\infty = \frac{1 + \tanh\left(\frac{V - V_1}{V_2}\right)}{2}"
    )
    functions: ClassVar[Mapping[str, str]] = {
        r"M_\infty": r"\frac{1}{2} \left(1 + \tanh\frac{V - V_1}{V_2}\right)"
    }
    input: ClassVar[InputSpec] = InputSpec(100.0 * u.uA, soft=(0.0, 200.0))
    largest_dt: ClassVar[Any] = 0.5 * u.ms
    gates: ClassVar[tuple[str, ...]] = ("W",)

    V_Ca = reversal(130.0, r"V_{\mathrm{Ca}}", "calcium", (90.0, 150.0))
    g_Ca = conductance(4.4, r"g_{\mathrm{Ca}}", "the calcium channels", (2.0, 8.0))
    V_K = reversal(-84.0, r"V_{\mathrm{K}}", "potassium", (-100.0, -70.0))
    g_K = conductance(8.0, r"g_{\mathrm{K}}", "the potassium channels", (4.0, 16.0))
    V_leak = reversal(-60.0, r"V_{\mathrm{leak}}", "the leak", (-80.0, -40.0))
    g_leak = conductance(2.0, r"g_{\mathrm{leak}}", "the leak", (1.0, 4.0))
    C = CAPACITANCE.but(default=20.0 * u.ufarad, soft=(5.0, 50.0))
    V1 = ParameterSpec(
        -1.2 * u.mV, "V_1", "potential at which half of calcium is open", soft=(-20.0, 20.0)
    )
    V2 = ParameterSpec(
        18.0 * u.mV, "V_2", "width of the activation of calcium", soft=(5.0, 40.0), hard=POSITIVE
    )
    V3 = ParameterSpec(
        2.0 * u.mV, "V_3", "potential at which half of potassium is open", soft=(-20.0, 30.0)
    )
    V4 = ParameterSpec(
        30.0 * u.mV, "V_4", "width of the activation of potassium", soft=(10.0, 60.0), hard=POSITIVE
    )
    phi = ParameterSpec(
        u.Quantity(0.04, unit=PER_MS),
        r"\varphi",
        "speed of the potassium channels",
        soft=(0.005, 0.3),
        hard=POSITIVE,
        scale="log",
        unit_text="1/ms",
    )
    V_th = CROSSING.but(default=10.0 * u.mV)
    V_initializer = HH.V_initializer.but()
    W_initializer = InitialSpec(
        0.02,
        "W(0)",
        "open part of potassium at the start",
        soft=(0.0, 1.0),
    )
    W = StateSpec(u.UNITLESS, "W", "open part of the potassium channels")

    def flow(self, held: Values, current: Any) -> Values:
        """Integrate as the base does, with calcium activated at the potential before the step."""
        return super().flow(held | {"M": self.M_inf(held["V"])}, current)

    def currents(self, V: Any, state: Values) -> Any:
        """Sum of the calcium, potassium and leak currents."""
        calcium = self.g_Ca * state["M"] * (V - self.V_Ca)
        potassium = self.g_K * state["W"] * (V - self.V_K)
        return calcium + potassium + self.g_leak * (V - self.V_leak)

    def M_inf(self, V: Any) -> Any:
        """Open part of the calcium channels."""
        return 0.5 * (1.0 + u.math.tanh((V - self.V1) / self.V2))

    def W_inf(self, V: Any) -> Any:
        """Open part of the potassium channels in the long run."""
        return 0.5 * (1.0 + u.math.tanh((V - self.V3) / self.V4))

    def rates(self, gate: str, V: Any) -> tuple[Any, Any]:
        """Rates at which the potassium channels open and close."""
        speed = u.math.cosh((V - self.V3) / (2.0 * self.V4))
        speed = self.phi * u.math.minimum(speed, FASTEST)
        return speed * self.W_inf(V), speed * (1.0 - self.W_inf(V))
