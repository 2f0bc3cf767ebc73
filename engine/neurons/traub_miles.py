"""The pyramidal cell of Traub and Miles with sodium and potassium channels: TraubMilesHH."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import saiunit as u

from engine import boundary
from engine.neurons.hodgkin_huxley import CROSSING, HH, Conductances, gate_start, rate
from engine.specs import InitialSpec, InputSpec, ParameterSpec, StateSpec

__all__ = ["TraubMilesHH"]


class TraubMilesHH(Conductances):
    r"""Pyramidal cell with the channels of Traub and Miles, in the numbers of a whole cell.

    .. math::
        C \frac{dV}{dt} &= g_{Na} m^3 h\,(E_{Na} - V) + g_K n^4 (E_K - V) + g_L (E_L - V) + I \\
        \frac{dx}{dt} &= \alpha_x(V)\,(1 - x) - \beta_x(V)\,x, \qquad x \in \{m, h, n\}

    with :math:`v = V - V_T` (in mV, rates in 1/ms):

    .. math::
        \alpha_m &= \frac{0.32\,(13 - v)}{e^{(13 - v)/4} - 1}, \quad
        \beta_m = \frac{0.28\,(v - 40)}{e^{(v - 40)/5} - 1}, \quad
        \alpha_h = 0.128 e^{(17 - v)/18}, \quad
        \beta_h = \frac{4}{1 + e^{(40 - v)/5}} \\
        \alpha_n &= \frac{0.032\,(15 - v)}{e^{(15 - v)/5} - 1}, \quad
        \beta_n = 0.5 e^{(10 - v)/40}

    The conductances are those of 20,000 square micrometres of membrane.

    References
    ----------
    R. D. Traub and R. Miles (1991). Neuronal Networks of the Hippocampus. Cambridge University
    Press.

    R. Brette and others (2007). Simulation of networks of spiking neurons: a review of tools and
    strategies. Journal of Computational Neuroscience 23, 349-398. doi:10.1007/s10827-007-0038-6

    Examples
    --------
    At rest most of the sodium channels could open, and hardly any does.

    >>> import saiunit as u
    >>> from engine import TraubMilesHH
    >>> neuron = TraubMilesHH(1)
    >>> [round(float(neuron.steady(gate, -65 * u.mV)), 3) for gate in ("m", "h", "n")]
    [0.01, 0.998, 0.027]
    """

    __module__ = "engine"
    equation: ClassVar[str] = HH.equation
    functions: ClassVar[Mapping[str, str]] = {
        r"\alpha_m": r"\frac{0.32 (13 - V + V_T)}{e^{(13 - V + V_T)/4} - 1}",
        r"\beta_m": r"\frac{0.28 (V - V_T - 40)}{e^{(V - V_T - 40)/5} - 1}",
        r"\alpha_h": r"0.128 e^{(17 - V + V_T)/18}",
        r"\beta_h": r"\frac{4}{1 + e^{(40 - V + V_T)/5}}",
        r"\alpha_n": r"\frac{0.032 (15 - V + V_T)}{e^{(15 - V + V_T)/5} - 1}",
        r"\beta_n": r"0.5 e^{(10 - V + V_T)/40}",
    }
    input: ClassVar[InputSpec] = InputSpec(200.0 * u.pA, soft=(0.0, 1000.0))
    largest_dt: ClassVar[Any] = 0.1 * u.ms
    gates: ClassVar[tuple[str, ...]] = ("m", "h", "n")

    ENa = HH.ENa.but()
    gNa = HH.gNa.but(default=20_000.0 * u.nS, soft=(8000.0, 40_000.0), unit_text="nS")
    EK = HH.EK.but(default=-90.0 * u.mV, soft=(-105.0, -75.0))
    gK = HH.gK.but(default=6000.0 * u.nS, soft=(2000.0, 15_000.0), unit_text="nS")
    EL = HH.EL.but(default=-65.0 * u.mV)
    gL = HH.gL.but(default=10.0 * u.nS, soft=(5.0, 30.0), unit_text="nS")
    V_T = ParameterSpec(
        -63.0 * u.mV,
        "V_T",
        "potential that all rates are counted from: where it lies, so does the threshold",
        soft=(-70.0, -50.0),
        group="threshold",
    )
    V_th = CROSSING.but(default=-20.0 * u.mV)
    C = HH.C.but(default=200.0 * u.pfarad, soft=(100.0, 500.0), unit_text="pF")
    V_initializer = InitialSpec(
        -65.0 * u.mV, "V(0)", "membrane potential at the start", soft=(-80.0, -55.0)
    )
    m_initializer = gate_start("m", None)
    h_initializer = gate_start("h", None)
    n_initializer = gate_start("n", None)
    m = StateSpec(u.UNITLESS, "m", "activation of sodium")
    h = StateSpec(u.UNITLESS, "h", "inactivation of sodium, which ends the upstroke")
    n = StateSpec(u.UNITLESS, "n", "activation of potassium")

    currents = HH.currents

    def _above(self, V: Any) -> Any:
        return boundary.strip(V - self.V_T, u.mV)

    def m_alpha(self, V: Any) -> Any:
        """Rate at which the activation of sodium opens."""
        return rate(1.28 / u.math.exprel((13.0 - self._above(V)) / 4.0))

    def m_beta(self, V: Any) -> Any:
        """Rate at which the activation of sodium closes."""
        return rate(1.4 / u.math.exprel((self._above(V) - 40.0) / 5.0))

    def h_alpha(self, V: Any) -> Any:
        """Rate at which the inactivation of sodium is lifted."""
        return rate(0.128 * u.math.exp((17.0 - self._above(V)) / 18.0))

    def h_beta(self, V: Any) -> Any:
        """Rate at which sodium inactivates."""
        return rate(4.0 / (1.0 + u.math.exp((40.0 - self._above(V)) / 5.0)))

    def n_alpha(self, V: Any) -> Any:
        """Rate at which potassium opens."""
        return rate(0.16 / u.math.exprel((15.0 - self._above(V)) / 5.0))

    def n_beta(self, V: Any) -> Any:
        """Rate at which potassium closes."""
        return rate(0.5 * u.math.exp((10.0 - self._above(V)) / 40.0))
