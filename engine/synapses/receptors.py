"""Receptors that a pulse of transmitter opens: AMPA, GABAa, BioNMDA."""

from __future__ import annotations

from typing import Any, ClassVar

import brainstate
import jax
import saiunit as u

from engine import boundary
from engine.specs import NON_NEGATIVE, POSITIVE, InitialSpec, ParameterSpec, StateSpec
from engine.synapses.base import CONDUCTANCE, FilterSynapse, Values, is_spike

__all__ = ["AMPA", "BioNMDA", "GABAa", "Receptor"]


class Receptor(FilterSynapse):
    r"""A synapse at which every spike sets free a pulse of transmitter: base of the receptors.

    The transmitter has the concentration ``T`` from the step in which a spike comes, for a whole
    number of steps, :math:`\lceil T_{dur}/\Delta t\rceil`; a spike within a pulse begins it anew.

    Notes
    -----
    *What counts as a spike*: a truth value as it is, a number (with any weight) where it is above
    zero, and nothing where `update` is called without argument. Delta inputs are arrivals of the
    same kind. *Scale*: the open fraction runs from 0 to 1, and ``g`` from 0 to one of the unit of
    its start value: 1 mS by default, 1 nS for a start of ``0 * u.nS``. *Time*: ``t`` is taken from
    the environment, or found as ``i * dt``; with neither, time stamps are counted back from the
    present step, which gives the same conductance. *Deviations* from the reference implementation:
    every pulse has the same number of steps (`whole-pulse-steps`), a negative number is no spike
    (`arrivals-above-zero`), and delta inputs are read (`delta-inputs-arrive`).
    """

    _trailing: ClassVar[tuple[str, ...]] = ("T", "T_dur", "g_initializer", "x_initializer")

    T = ParameterSpec(
        0.5 * u.mM,
        "T",
        "concentration of the transmitter while a pulse lasts",
        soft=(0.0, 2.0),
        hard=NON_NEGATIVE,
    )
    T_dur = ParameterSpec(
        0.5 * u.ms,
        r"T_{\mathrm{dur}}",
        "duration of the pulse of transmitter that a spike sets free",
        soft=(0.2, 5.0),
        hard=POSITIVE,
        time_constant=True,
    )
    g_initializer = CONDUCTANCE.but(soft=(0.0, 1.0))
    g = StateSpec(u.mS, "g", "synaptic conductance")
    spike_arrival_time = StateSpec(
        u.ms,
        r"t_{\mathrm{pre}}",
        "time at which the last spike came",
        start=-1e7 * u.ms,
        is_time_stamp=True,
    )

    @property
    def T_duration(self) -> Any:
        """Duration of the transmitter pulse: another name of ``T_dur``."""
        return self.T_dur

    @T_duration.setter
    def T_duration(self, value: Any) -> None:
        """Set ``T_dur``."""
        self._bind("T_dur", value)

    def arrivals(self, x: Any, now: Values) -> Any:
        """Whether a spike arrives in this step, as the argument or as a delta input."""
        g = now["g"]
        arriving = is_spike(self.accept(x, u.get_unit(g), g, "pre_spike"))
        for inp in (self.delta_inputs or {}).values():
            arriving = arriving | is_spike(inp() if callable(inp) else inp)
        return arriving

    def release(self, now: Values, spike: Any) -> tuple[Any, Any]:
        """Time stamps after this step's spikes, and the transmitter that is there."""
        stamp = now["spike_arrival_time"]
        if brainstate.environ.get("t", None) is None and brainstate.environ.get("i", None) is None:
            t, stamp = 0.0 * u.ms, stamp - self.dt
        else:
            t = self.t
        stamp = jax.lax.stop_gradient(u.math.where(spike, t, stamp))
        return stamp, u.math.where(self.is_within(t - stamp, self.T_dur), self.T, 0.0 * self.T)

    def open(self, fraction: Any, opening: Any, closing: Any) -> Any:
        """Move the open part of what ``fraction`` measures by one step of two rates."""
        whole = boundary.attach(1.0, u.get_unit(fraction))
        return self.integrate(lambda g: opening * (whole - g) - closing * g, fraction)

    def update(self, pre_spike: Any = None) -> Any:
        """Take one step.

        Parameters
        ----------
        pre_spike : array, optional
            Presynaptic spikes of this step, of a shape that fits the synapses: truth values, or
            numbers that are spikes where they are above zero.

        Returns
        -------
        Quantity or array
            The conductance, in the shape of the state.

        Raises
        ------
        ParameterError
            A shape that does not fit the state, or a unit that is not that of the conductance.
        """
        return self._step(pre_spike)


class AMPA(Receptor):
    r"""Fast excitatory synapse: AMPA receptors that transmitter opens at once.

    .. math::
        \frac{dg}{dt} = \alpha T (1 - g) - \beta g, \qquad
        T = 0 \text{ unless } t - t_{pre} < T_{dur}

    See `Receptor` for what counts as a spike and for the scale of :math:`g`.

    References
    ----------
    A. Destexhe, Z. F. Mainen and T. J. Sejnowski (1994). An efficient method for computing synaptic
    conductances based on a kinetic model of receptor binding. Neural Computation 6, 14-18.
    doi:10.1162/neco.1994.6.1.14

    Examples
    --------
    >>> import brainstate, saiunit as u
    >>> from engine import AMPA
    >>> synapse = AMPA(1, g_initializer=0 * u.nS)
    >>> synapse.init_state()
    >>> with brainstate.environ.context(dt=0.1 * u.ms):
    ...     g = [synapse(i == 0) for i in range(5)][-1]
    >>> round(float(g.to_decimal(u.nS)[0]), 3)
    0.208
    """

    __module__ = "engine"
    equation: ClassVar[str] = (
        r"\frac{dg}{dt} = \alpha T (1 - g) - \beta g,"
        r"\quad T = 0 \text{ unless } t - t_{\mathrm{pre}} < T_{\mathrm{dur}}"
    )

    alpha = ParameterSpec(
        0.98 * u.mM**-1 * u.ms**-1,
        r"\alpha",
        "binding rate: how fast transmitter opens the receptors",
        soft=(0.1, 5.0),
        hard=NON_NEGATIVE,
        scale="log",
    )
    beta = ParameterSpec(
        0.18 * u.ms**-1,
        r"\beta",
        "unbinding rate: how fast open receptors close",
        soft=(0.01, 1.0),
        hard=NON_NEGATIVE,
        scale="log",
        unit_text="1/ms",
    )

    def advance(self, now: Values, arriving: Any) -> tuple[Values, Any]:
        """Release transmitter where a spike came, and let it open the receptors."""
        stamp, T = self.release(now, arriving)
        g = self.open(now["g"], self.alpha * T, self.beta)
        return {"g": g, "spike_arrival_time": stamp}, g


class GABAa(AMPA):
    r"""Fast inhibitory synapse: GABA-A receptors, with the kinetics of `AMPA` and slower binding.

    .. math::
        \frac{dg}{dt} = \alpha T (1 - g) - \beta g, \qquad
        T = 0 \text{ unless } t - t_{pre} < T_{dur}

    What makes it inhibitory is the reversal potential of its output stage.

    References
    ----------
    A. Destexhe, Z. F. Mainen and T. J. Sejnowski (1994). An efficient method for computing synaptic
    conductances based on a kinetic model of receptor binding. Neural Computation 6, 14-18.
    doi:10.1162/neco.1994.6.1.14

    Examples
    --------
    >>> import brainstate, saiunit as u
    >>> from engine import GABAa
    >>> synapse = GABAa(1)
    >>> synapse.init_state()
    >>> with brainstate.environ.context(dt=0.1 * u.ms):
    ...     g = [synapse(i == 0) for i in range(10)][-1]
    >>> round(float(g.to_decimal(u.mS)[0]), 2)  # when the transmitter goes
    0.38
    """

    __module__ = "engine"

    alpha = AMPA.alpha.but(default=0.53 * u.mM**-1 * u.ms**-1)
    T = Receptor.T.but(default=1.0 * u.mM)
    T_dur = Receptor.T_dur.but(default=1.0 * u.ms)


class BioNMDA(Receptor):
    r"""Slow excitatory synapse: NMDA receptors, which open in two steps.

    .. math::
        \frac{dg}{dt} = \alpha_1 x (1 - g) - \beta_1 g, \qquad
        \frac{dx}{dt} = \alpha_2 T (1 - x) - \beta_2 x, \qquad
        T = 0 \text{ unless } t - t_{pre} < T_{dur}

    The dependence on the membrane potential belongs to the output stage `MgBlock`. See `Receptor`
    for what counts as a spike and for the scale of :math:`g`.

    Notes
    -----
    A step of :math:`g` sees :math:`x` as it is after the step.

    References
    ----------
    A. Destexhe, Z. F. Mainen and T. J. Sejnowski (1994). Synthesis of models for excitable
    membranes, synaptic transmission and neuromodulation using a common kinetic formalism. Journal
    of Computational Neuroscience 1, 195-230. doi:10.1007/BF00961734

    Examples
    --------
    >>> import brainstate, saiunit as u
    >>> from engine import AMPA, BioNMDA
    >>> fast, slow = AMPA(1), BioNMDA(1)
    >>> for synapse in (fast, slow):
    ...     synapse.init_state()
    >>> with brainstate.environ.context(dt=0.5 * u.ms):
    ...     g = [(fast(i == 0), slow(i == 0)) for i in range(80)][-1]
    >>> bool(g[1] > 100 * g[0])  # after 40 ms
    True
    """

    __module__ = "engine"
    equation: ClassVar[str] = (
        r"\frac{dg}{dt} = \alpha_1 x (1 - g) - \beta_1 g,"
        r"\quad \frac{dx}{dt} = \alpha_2 T (1 - x) - \beta_2 x,"
        r"\quad T = 0 \text{ unless } t - t_{\mathrm{pre}} < T_{\mathrm{dur}}"
    )

    alpha1 = ParameterSpec(
        2.0 * u.ms**-1,
        r"\alpha_1",
        "opening rate: how fast receptors with bound transmitter open",
        soft=(0.1, 10.0),
        hard=NON_NEGATIVE,
        scale="log",
        unit_text="1/ms",
    )
    beta1 = ParameterSpec(
        0.01 * u.ms**-1,
        r"\beta_1",
        "closing rate: how fast open receptors close",
        soft=(0.002, 0.1),
        hard=NON_NEGATIVE,
        scale="log",
        unit_text="1/ms",
    )
    alpha2 = ParameterSpec(
        1.0 * u.mM**-1 * u.ms**-1,
        r"\alpha_2",
        "binding rate: how fast transmitter binds to the receptors",
        soft=(0.1, 5.0),
        hard=NON_NEGATIVE,
        scale="log",
    )
    beta2 = ParameterSpec(
        0.5 * u.ms**-1,
        r"\beta_2",
        "unbinding rate: how fast the transmitter leaves the receptors",
        soft=(0.05, 2.0),
        hard=NON_NEGATIVE,
        scale="log",
        unit_text="1/ms",
    )
    T = Receptor.T.but(default=1.0 * u.mM)
    x_initializer = InitialSpec(
        0.0, "x(0)", "fraction of receptors with bound transmitter at the start", soft=(0.0, 1.0)
    )
    x = StateSpec(u.UNITLESS, "x", "fraction of receptors with bound transmitter")

    def advance(self, now: Values, arriving: Any) -> tuple[Values, Any]:
        """Release transmitter where a spike came, let it bind, and what is bound open."""
        stamp, T = self.release(now, arriving)
        x = self.open(now["x"], self.alpha2 * T, self.beta2)
        g = self.open(now["g"], self.alpha1 * x, self.beta1)
        return {"g": g, "x": x, "spike_arrival_time": stamp}, g
