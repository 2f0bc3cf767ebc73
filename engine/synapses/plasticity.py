"""Spike-timing dependent plasticity: weights that the order of spikes changes."""

from __future__ import annotations

from typing import Any, ClassVar

import saiunit as u

from engine import boundary
from engine.dynamics import Dynamics, require_same_shape
from engine.errors import ParameterError
from engine.specs import NON_NEGATIVE, POSITIVE, ChoiceSpec, InitialSpec, ParameterSpec, StateSpec

__all__ = ["PairSTDP", "SpikeTimingPlasticity", "TripletSTDP"]

Values = dict[str, Any]


class SpikeTimingPlasticity(Dynamics):
    r"""A weight that changes with the times of pre- and postsynaptic spikes: base of the rules.

    Every spike leaves traces that decay. A presynaptic spike takes from the weight what the
    postsynaptic traces say, a postsynaptic spike adds what the presynaptic ones say. All states
    have the shape of the weights, ``in_size``: one number a synapse, or ``(n_pre, n_post)`` with
    presynaptic spikes of shape ``(n_pre, 1)`` and postsynaptic ones of shape ``(n_post,)``.

    In a step the traces decay, the weight changes by what they then are, and this step's spikes are
    added to them last: two spikes in the same step make no pair. Spikes are 0 or 1, or truth
    values.

    Notes
    -----
    *Bounds*: ``'additive'`` changes do not depend on the weight, which is cut off at ``w_min`` and
    ``w_max``; ``'multiplicative'`` ones are in proportion to the distance from the bound ahead,
    :math:`w_{max} - w` or :math:`w - w_{min}` (Morrison et al. 2008, section 4.1). *Interaction*:
    with ``'all_to_all'`` a trace sums over all spikes before, with ``'nearest'`` it knows the
    last one only (the symmetric scheme of Morrison et al. 2008, section 4.2). A start outside of
    the bounds is taken at the nearer one. Weights have no unit: they scale a conductance.

    References
    ----------
    A. Morrison, M. Diesmann and W. Gerstner (2008). Phenomenological models of synaptic plasticity
    based on spike timing. Biological Cybernetics 98, 459-478. doi:10.1007/s00422-008-0233-1
    """

    _trailing: ClassVar[tuple[str, ...]] = (
        *("w_min", "w_max", "bounds", "interaction", "w_initializer"),
        "name",
    )
    below: ClassVar[tuple[tuple[str, str], ...]] = (("w_min", "w_max"),)

    w_min = ParameterSpec(
        0.0,
        r"w_{\min}",
        "lower bound of the weight",
        soft=(0.0, 0.4),
    )
    w_max = ParameterSpec(
        1.0,
        r"w_{\max}",
        "upper bound of the weight",
        soft=(0.5, 2.0),
    )
    bounds = ChoiceSpec(
        "additive",
        ("additive", "multiplicative"),
        "how the bounds of the weight make themselves felt",
        hints=("cut off at the bound", "the slower the nearer to the bound"),
    )
    interaction = ChoiceSpec(
        "all_to_all",
        ("all_to_all", "nearest"),
        "which spikes make pairs",
        hints=("every spike with all before it", "every spike with the last one before it"),
    )
    w_initializer = InitialSpec(0.5, "w(0)", "weight at the start", soft=(0.0, 1.0))
    w = StateSpec(u.UNITLESS, "w", "synaptic weight")

    def advance(self, now: Values, pre: Any, post: Any) -> Values:
        """States after one step from ``now`` with the spikes of the step.

        Raises
        ------
        NotImplementedError
            The rule does not say how it learns.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define advance()")

    def update(self, pre_spike: Any = None, post_spike: Any = None) -> Any:
        """Take one step.

        Parameters
        ----------
        pre_spike, post_spike : array, optional
            Spikes of this step, each of a shape that fits the weights; none by default.

        Returns
        -------
        array
            The weight, in the shape of the state.

        Raises
        ------
        ParameterError
            A quantity with a unit, or a shape that does not fit the weights.
        """
        states = {name: getattr(self, name) for name in type(self).states()}
        now = {name: state.value for name, state in states.items()}
        given = {"pre_spike": pre_spike, "post_spike": post_spike}
        spikes = (
            boundary.strip(self.accept(s, u.UNITLESS, now["w"], name), u.UNITLESS) * 1.0
            for name, s in given.items()
        )
        new = self.advance(now, *spikes)
        for name, value in new.items():
            require_same_shape(type(self).__name__, name, now[name], value)
            states[name].value = value
        return new["w"]

    def add_current_input(self, key: str, inp: Any, label: str | None = None) -> None:
        """Refuse the input: a rule learns from the spikes given to `update` alone."""
        raise self._no_place_for(key)

    def add_delta_input(self, key: str, inp: Any, label: str | None = None) -> None:
        """Refuse the input: a rule learns from the spikes given to `update` alone."""
        raise self._no_place_for(key)

    def _no_place_for(self, key: str) -> ParameterError:
        model = type(self).__name__
        return ParameterError(
            f"{model}.{key}",
            f"{model} takes no inputs besides its spikes, so '{key}' would never be read; "
            "give spikes to update(pre_spike, post_spike)",
        )

    def decay(self, trace: Any, tau: Any) -> Any:
        """Trace after a step without spike."""
        return self.integrate(lambda x: -x / tau, trace)

    def mark(self, trace: Any, spike: Any) -> Any:
        """Trace after a spike: one more, or one."""
        kept = trace if self.interaction == "all_to_all" else trace * (1.0 - spike)
        return kept + spike

    def changed(self, w: Any, potentiation: Any, depression: Any) -> Any:
        """Weight after the changes that the traces call for, inside its bounds."""
        if self.bounds == "multiplicative":
            potentiation = potentiation * (self.w_max - w)
            depression = depression * (w - self.w_min)
        return u.math.clip(w + potentiation - depression, self.w_min, self.w_max)


class PairSTDP(SpikeTimingPlasticity):
    r"""Spike-timing dependent plasticity by pairs: pre before post strengthens, else it weakens.

    .. math::
        \frac{dx}{dt} = -\frac{x}{\tau_+} + \sum_k \delta(t - t_k^{pre}), \qquad
        \frac{dy}{dt} = -\frac{y}{\tau_-} + \sum_k \delta(t - t_k^{post}), \qquad
        \frac{dw}{dt} = A_+ x \sum_k \delta(t - t_k^{post}) - A_- y \sum_k \delta(t - t_k^{pre})

    A single pair with :math:`\Delta t = t_{post} - t_{pre}` changes the weight by
    :math:`A_+ e^{-\Delta t/\tau_+}` where :math:`\Delta t > 0`, and by
    :math:`-A_- e^{\Delta t/\tau_-}` where :math:`\Delta t < 0`. See `SpikeTimingPlasticity` for
    bounds, pairing, shapes and the order of a step.

    References
    ----------
    G. Bi and M. Poo (1998). Synaptic modifications in cultured hippocampal neurons: dependence on
    spike timing, synaptic strength, and postsynaptic cell type. Journal of Neuroscience 18,
    10464-10472. doi:10.1523/JNEUROSCI.18-24-10464.1998
    S. Song, K. D. Miller and L. F. Abbott (2000). Competitive Hebbian learning through
    spike-timing-dependent synaptic plasticity. Nature Neuroscience 3, 919-926. doi:10.1038/78829

    Examples
    --------
    >>> import brainstate, jax.numpy as jnp, saiunit as u
    >>> from engine import PairSTDP
    >>> rule = PairSTDP((3, 2))
    >>> rule.init_state()
    >>> with brainstate.environ.context(dt=0.1 * u.ms):
    ...     w = rule(jnp.ones((3, 1)), jnp.zeros(2))
    ...     w = rule(jnp.zeros((3, 1)), jnp.array([1.0, 0.0]))
    >>> [round(float(value), 4) for value in w[0]]
    [0.505, 0.5]
    """

    __module__ = "engine"
    equation: ClassVar[str] = (
        r"\frac{dx}{dt} = -\frac{x}{\tau_+} + \sum_k \delta(t - t_k^{\text{pre}}),"
        r"\quad \frac{dy}{dt} = -\frac{y}{\tau_-} + \sum_k \delta(t - t_k^{\text{post}}),"
        r"\quad \frac{dw}{dt} = A_+ x \sum_k \delta(t - t_k^{\text{post}})"
        r" - A_- y \sum_k \delta(t - t_k^{\text{pre}}),"
        r"\quad w_{\min} \le w \le w_{\max}"
    )

    # Song, Miller and Abbott (2000): depression outweighs potentiation by 5 %
    A_plus = ParameterSpec(
        0.005,
        "A_+",
        "potentiation: how much a postsynaptic spike right after a presynaptic one adds",
        soft=(0.0, 0.1),
        hard=NON_NEGATIVE,
    )
    A_minus = ParameterSpec(
        0.00525,
        "A_-",
        "depression: how much a presynaptic spike right after a postsynaptic one takes away",
        soft=(0.0, 0.1),
        hard=NON_NEGATIVE,
    )
    tau_plus = ParameterSpec(
        20.0 * u.ms,
        r"\tau_+",
        "how long a presynaptic spike is remembered for potentiation",
        soft=(2.0, 200.0),
        hard=POSITIVE,
        scale="log",
        time_constant=True,
    )
    tau_minus = tau_plus.but(
        symbol=r"\tau_-", meaning="how long a postsynaptic spike is remembered for depression"
    )
    x = StateSpec(u.UNITLESS, "x", "trace of the presynaptic spikes", start=0.0)
    y = StateSpec(u.UNITLESS, "y", "trace of the postsynaptic spikes", start=0.0)

    def advance(self, now: Values, pre: Any, post: Any) -> Values:
        """Let the traces decay, change the weight, and mark the spikes."""
        x, y = self.decay(now["x"], self.tau_plus), self.decay(now["y"], self.tau_minus)
        w = self.changed(now["w"], self.A_plus * x * post, self.A_minus * y * pre)
        return {"x": self.mark(x, pre), "y": self.mark(y, post), "w": w}


class TripletSTDP(SpikeTimingPlasticity):
    r"""Spike-timing dependent plasticity by triplets: as by pairs, and stronger at high rates.

    .. math::
        \frac{dr_1}{dt} = -\frac{r_1}{\tau_+} + \sum_k \delta(t - t_k^{pre}), \qquad
        \frac{dr_2}{dt} = -\frac{r_2}{\tau_x} + \sum_k \delta(t - t_k^{pre})

    .. math::
        \frac{do_1}{dt} = -\frac{o_1}{\tau_-} + \sum_k \delta(t - t_k^{post}), \qquad
        \frac{do_2}{dt} = -\frac{o_2}{\tau_y} + \sum_k \delta(t - t_k^{post})

    .. math::
        \frac{dw}{dt} = r_1 (A_2^+ + A_3^+ o_2) \sum_k \delta(t - t_k^{post})
        - o_1 (A_2^- + A_3^- r_2) \sum_k \delta(t - t_k^{pre})

    The defaults are those that Pfister and Gerstner fitted to visual cortex, with all-to-all
    interaction: there hardly any potentiation comes without a third spike, so that pairs at a low
    rate only depress, and pairs at a high rate potentiate in either order (Sjöström et al. 2001).
    See `SpikeTimingPlasticity` for bounds, pairing, shapes and the order of a step.

    References
    ----------
    J.-P. Pfister and W. Gerstner (2006). Triplets of spikes in a model of spike timing-dependent
    plasticity. Journal of Neuroscience 26, 9673-9682. doi:10.1523/JNEUROSCI.1425-06.2006
    P. J. Sjöström, G. G. Turrigiano and S. B. Nelson (2001). Rate, timing, and cooperativity
    jointly determine cortical synaptic plasticity. Neuron 32, 1149-1164.
    doi:10.1016/S0896-6273(01)00542-6

    Examples
    --------
    >>> import brainstate, jax.numpy as jnp, saiunit as u
    >>> from engine import TripletSTDP
    >>> rule = TripletSTDP(1)
    >>> rule.init_state()
    >>> with brainstate.environ.context(dt=1.0 * u.ms):
    ...     for i in range(160):  # pre, and 10 ms later post, at 50 Hz
    ...         w = rule(jnp.array([i % 20 == 0]), jnp.array([i % 20 == 10]))
    >>> bool(w[0] > 0.5)
    True
    """

    __module__ = "engine"
    equation: ClassVar[str] = (
        r"\frac{dr_1}{dt} = -\frac{r_1}{\tau_+} + \sum_k \delta(t - t_k^{\text{pre}}),"
        r"\quad \frac{dr_2}{dt} = -\frac{r_2}{\tau_x} + \sum_k \delta(t - t_k^{\text{pre}}),"
        r"\quad \frac{do_1}{dt} = -\frac{o_1}{\tau_-} + \sum_k \delta(t - t_k^{\text{post}}),"
        r"\quad \frac{do_2}{dt} = -\frac{o_2}{\tau_y} + \sum_k \delta(t - t_k^{\text{post}}),"
        r"\quad \frac{dw}{dt} = r_1 (A_2^+ + A_3^+ o_2) \sum_k \delta(t - t_k^{\text{post}})"
        r" - o_1 (A_2^- + A_3^- r_2) \sum_k \delta(t - t_k^{\text{pre}}),"
        r"\quad w_{\min} \le w \le w_{\max}"
    )

    # Pfister and Gerstner (2006), table 4: visual cortex, full model, all-to-all
    A2_plus = ParameterSpec(
        5e-10,
        "A_2^+",
        "potentiation by pairs: what a postsynaptic spike right after a presynaptic one adds",
        soft=(0.0, 0.02),
        hard=NON_NEGATIVE,
    )
    A3_plus = ParameterSpec(
        6.2e-3,
        "A_3^+",
        "potentiation by triplets: what an earlier postsynaptic spike adds to that",
        soft=(0.0, 0.05),
        hard=NON_NEGATIVE,
    )
    A2_minus = ParameterSpec(
        7e-3,
        "A_2^-",
        "depression by pairs: what a presynaptic spike right after a postsynaptic one takes away",
        soft=(0.0, 0.02),
        hard=NON_NEGATIVE,
    )
    A3_minus = ParameterSpec(
        2.3e-4,
        "A_3^-",
        "depression by triplets: what an earlier presynaptic spike takes away on top of that",
        soft=(0.0, 0.05),
        hard=NON_NEGATIVE,
    )
    tau_plus = PairSTDP.tau_plus.but(default=16.8 * u.ms)
    tau_minus = PairSTDP.tau_minus.but(default=33.7 * u.ms)
    tau_x = PairSTDP.tau_plus.but(
        default=101.0 * u.ms,
        symbol=r"\tau_x",
        meaning="how long a presynaptic spike is remembered for triplets",
        soft=(10.0, 1000.0),
    )
    tau_y = tau_x.but(
        default=125.0 * u.ms,
        symbol=r"\tau_y",
        meaning="how long a postsynaptic spike is remembered for triplets",
    )
    r1 = StateSpec(u.UNITLESS, "r_1", "fast trace of the presynaptic spikes", start=0.0)
    r2 = StateSpec(u.UNITLESS, "r_2", "slow trace of the presynaptic spikes", start=0.0)
    o1 = StateSpec(u.UNITLESS, "o_1", "fast trace of the postsynaptic spikes", start=0.0)
    o2 = StateSpec(u.UNITLESS, "o_2", "slow trace of the postsynaptic spikes", start=0.0)

    def advance(self, now: Values, pre: Any, post: Any) -> Values:
        """Let the traces decay, change the weight, and mark the spikes."""
        taus = {"r1": self.tau_plus, "r2": self.tau_x, "o1": self.tau_minus, "o2": self.tau_y}
        trace = {name: self.decay(now[name], tau) for name, tau in taus.items()}
        potentiation = trace["r1"] * (self.A2_plus + self.A3_plus * trace["o2"]) * post
        depression = trace["o1"] * (self.A2_minus + self.A3_minus * trace["r2"]) * pre
        marked = {n: self.mark(t, pre if n[0] == "r" else post) for n, t in trace.items()}
        return marked | {"w": self.changed(now["w"], potentiation, depression)}
