"""Synapses whose conductance is a sum of exponentials: Expon, DualExpon, Alpha."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import jax.numpy as jnp
import saiunit as u

from engine import boundary
from engine.dynamics import AlignPost
from engine.specs import POSITIVE, FlagSpec, ParameterSpec, StateSpec
from engine.synapses.base import CONDUCTANCE, FilterSynapse, Values

__all__ = ["Alpha", "DualExpon", "Expon"]


class Expon(FilterSynapse, AlignPost):
    r"""Synapse whose conductance jumps at a spike and decays exponentially.

    .. math:: \frac{dg}{dt} = -\frac{g}{\tau} + \sum_k \delta(t - t_k)

    Notes
    -----
    The conductance has the unit of its start value, millisiemens by default, and none where the
    start value has none; an input without a unit is taken in it. A step decays first and adds what
    arrives afterwards, so that a spike shows in the step in which it comes. Current inputs, in the
    unit of the conductance, enter as :math:`(-g + \sum_j I_j)/\tau`.

    References
    ----------
    W. Gerstner, W. M. Kistler, R. Naud and L. Paninski (2014). Neuronal Dynamics. Cambridge
    University Press, chapter 3.1. doi:10.1017/CBO9781107447615

    Examples
    --------
    >>> import brainstate, saiunit as u
    >>> from engine import Expon
    >>> synapse = Expon(2, tau=5 * u.ms)
    >>> synapse.init_state()
    >>> with brainstate.environ.context(dt=0.1 * u.ms):
    ...     g = synapse(1.5 * u.mS)
    >>> g.to_decimal(u.mS).tolist()
    [1.5, 1.5]
    """

    __module__ = "engine"
    equation: ClassVar[str] = r"\frac{dg}{dt} = -\frac{g}{\tau} + \sum_k \delta(t - t_k)"
    _trailing: ClassVar[tuple[str, ...]] = ("g_initializer",)
    takes_current: ClassVar[bool] = True

    tau = ParameterSpec(
        8.0 * u.ms,
        r"\tau",
        "decay time constant of the conductance",
        soft=(1.0, 100.0),
        hard=POSITIVE,
        scale="log",
        time_constant=True,
    )
    g_initializer = CONDUCTANCE.but()
    g = StateSpec(u.mS, "g", "synaptic conductance")

    def advance(self, now: Values, arriving: Any) -> tuple[Values, Any]:
        """Let the conductance decay, and add what arrives."""
        decayed = self.integrate(
            lambda g: self.sum_current_inputs(-g, pop=False) / self.tau, now["g"]
        )
        g = decayed + arriving
        return {"g": g}, g

    def align_post_input_add(self, value: Any) -> None:
        """Add summed arrivals to the conductance."""
        self.g.value = self.g.value + self.accept(value, u.get_unit(self.g.value), self.g.value)


def least_split(mean: Any) -> Any:
    """Give the least difference of the two rates of a `DualExpon` around their mean.

    Rounding of the difference of two nearly equal exponentials grows as the inverse of the split,
    its effect on the shape as the square: the cube root of the precision balances them. That is 2 %
    of the mean in single precision, with less than 1e-4 of the peak for both together. See
    DECISIONS.md, 2026-11-23.
    """
    return 4.0 * jnp.cbrt(jnp.finfo(mean.dtype).eps) * mean


class DualExpon(FilterSynapse, AlignPost):
    r"""Synapse whose conductance rises with one time constant and decays with another.

    .. math::
        \frac{dg_r}{dt} = -\frac{g_r}{\tau_{rise}} + \sum_k \delta(t - t_k), \qquad
        \frac{dg_d}{dt} = -\frac{g_d}{\tau_{decay}} + \sum_k \delta(t - t_k), \qquad
        g = A\,c\,(g_d - g_r)

    With ``normalize=True`` the factor :math:`c` makes :math:`A` (``amplitude``) the peak that one
    event of size one reaches, at :math:`t_{peak}` after it,

    .. math::
        c = \frac{\tau_{decay}}{\tau_{decay} - \tau_{rise}} e^{t_{peak}/\tau_{decay}}, \qquad
        t_{peak} = \frac{\tau_{decay}\,\tau_{rise}}{\tau_{decay} - \tau_{rise}}
        \ln\frac{\tau_{decay}}{\tau_{rise}}

    with ``normalize=False`` it is 1.

    Notes
    -----
    The conductance has the unit of its start value, which both ``g_rise`` and ``g_decay`` take, so
    that the output starts at zero; in the step of an event it is still zero. *Deviation* from the
    reference implementation, which raises at :math:`\tau_{rise} = \tau_{decay}`: there the output
    is the alpha function, the limit of the above (`equal-time-constants`). Rates closer than 2 % of
    their mean are set apart to that, symmetrically (single precision; less in double). The shape
    depends on the square of their difference only, and keeps within :math:`10^{-4}` of the peak;
    without normalization the output is scaled so that it vanishes at equality.

    References
    ----------
    W. Gerstner, W. M. Kistler, R. Naud and L. Paninski (2014). Neuronal Dynamics. Cambridge
    University Press, chapter 3.1. doi:10.1017/CBO9781107447615

    Examples
    --------
    >>> import brainstate, saiunit as u
    >>> from engine import DualExpon
    >>> synapse = DualExpon(1, tau_decay=10 * u.ms, tau_rise=1 * u.ms)
    >>> synapse.init_state()
    >>> with brainstate.environ.context(dt=0.1 * u.ms):
    ...     g = [synapse(1.0 * u.mS if i == 0 else None) for i in range(40)]
    >>> round(max(float(x.to_decimal(u.mS)[0]) for x in g), 3)  # the amplitude
    1.0
    """

    __module__ = "engine"
    equation: ClassVar[str] = (
        r"\frac{dg_r}{dt} = -\frac{g_r}{\tau_{\mathrm{rise}}} + \sum_k \delta(t - t_k),"
        r"\quad \frac{dg_d}{dt} = -\frac{g_d}{\tau_{\mathrm{decay}}} + \sum_k \delta(t - t_k),"
        r"\quad g = A c (g_d - g_r)"
    )
    functions: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "g": r"A c (g_d - g_r)",
            "c": r"\frac{\tau_{\mathrm{decay}}}{\tau_{\mathrm{decay}} - \tau_{\mathrm{rise}}} "
            r"\left(\frac{\tau_{\mathrm{rise}}}{\tau_{\mathrm{decay}}}\right)"
            r"^{\tau_{\mathrm{rise}}/(\tau_{\mathrm{rise}} - \tau_{\mathrm{decay}})}",
        }
    )
    _trailing: ClassVar[tuple[str, ...]] = ("normalize", "g_initializer")

    tau_decay = ParameterSpec(
        10.0 * u.ms,
        r"\tau_{\mathrm{decay}}",
        "decay time constant: how long the conductance outlasts a spike",
        soft=(1.0, 200.0),
        hard=POSITIVE,
        scale="log",
        time_constant=True,
    )
    tau_rise = ParameterSpec(
        1.0 * u.ms,
        r"\tau_{\mathrm{rise}}",
        "rise time constant: how slowly the conductance sets in after a spike",
        soft=(0.2, 20.0),
        hard=POSITIVE,
        scale="log",
        time_constant=True,
    )
    amplitude = ParameterSpec(
        1.0, "A", "peak of the conductance that one spike of size one makes", soft=(0.0, 5.0)
    )
    normalize = FlagSpec(True, "whether one spike of size one peaks at the amplitude")
    g_initializer = CONDUCTANCE.but(meaning="value of both components at the start")
    g_rise = StateSpec(u.mS, "g_r", "component that falls off first", start="g_initializer")
    g_decay = StateSpec(u.mS, "g_d", "component that falls off last", start="g_initializer")

    def advance(self, now: Values, arriving: Any) -> tuple[Values, Any]:
        """Let both components decay, and add what arrives to each."""
        decay, rise, factor = self._kernel()
        g_rise = self.integrate(lambda g: -g * rise, now["g_rise"]) + arriving
        g_decay = self.integrate(lambda g: -g * decay, now["g_decay"]) + arriving
        return {"g_rise": g_rise, "g_decay": g_decay}, self.amplitude * factor * (g_decay - g_rise)

    def _kernel(self) -> tuple[Any, Any, Any]:
        """Rate of decay, rate of rise, and the factor c, finite for equal time constants too."""
        tau_d, tau_r = (
            jnp.asarray(boundary.strip(t, u.ms)) for t in (self.tau_decay, self.tau_rise)
        )
        mean, half = 0.5 * (1.0 / tau_r + 1.0 / tau_d), 0.5 * (tau_d - tau_r) / (tau_d * tau_r)
        least = 0.5 * least_split(mean)
        near = jnp.abs(half) < least
        apart = jnp.where(near, jnp.where(half < 0, -least, least), half)
        decay = jnp.where(near, mean - apart, 1.0 / tau_d)
        rise = jnp.where(near, mean + apart, 1.0 / tau_r)
        if self.normalize:
            t_peak = jnp.log(rise / decay) / (2.0 * apart)
            factor = jnp.exp(decay * t_peak) * rise / (2.0 * apart)
        else:
            factor = half / apart
        return decay / u.ms, rise / u.ms, factor

    def align_post_input_add(self, value: Any) -> None:
        """Add summed arrivals to both components."""
        now = self.g_decay.value
        value = self.accept(value, u.get_unit(now), now)
        self.g_rise.value = self.g_rise.value + value
        self.g_decay.value = now + value


class Alpha(FilterSynapse):
    r"""Synapse whose conductance follows an alpha function after a spike.

    .. math::
        \frac{dg}{dt} = \frac{h - g}{\tau}, \qquad
        \frac{dh}{dt} = -\frac{h}{\tau} + \sum_k \delta(t - t_k)

    An event of size one makes :math:`g = (t/\tau)\,e^{-t/\tau}`, with its peak :math:`1/e` at
    :math:`t = \tau`.

    Notes
    -----
    Both states take the start value and its unit. A step of :math:`g` sees :math:`h` as it was
    before, so that an event shows in the step after the one in which it comes.

    References
    ----------
    W. Rall (1967). Distinguishing theoretical synaptic potentials computed for different
    soma-dendritic distributions of synaptic input. Journal of Neurophysiology 30, 1138-1168.
    doi:10.1152/jn.1967.30.5.1138

    Examples
    --------
    >>> import brainstate, saiunit as u
    >>> from engine import Alpha
    >>> synapse = Alpha(1, tau=5 * u.ms)
    >>> synapse.init_state()
    >>> with brainstate.environ.context(dt=0.5 * u.ms):
    ...     g = [synapse(1.0 * u.mS if i == 0 else None) for i in range(30)]
    >>> peaks = [float(x.to_decimal(u.mS)[0]) for x in g]
    >>> peaks.index(max(peaks)) * 0.5  # one time constant
    5.0
    """

    __module__ = "engine"
    equation: ClassVar[str] = (
        r"\frac{dg}{dt} = \frac{h - g}{\tau},"
        r"\quad \frac{dh}{dt} = -\frac{h}{\tau} + \sum_k \delta(t - t_k)"
    )
    _trailing: ClassVar[tuple[str, ...]] = ("g_initializer",)

    tau = Expon.tau.but(meaning="time from a spike to the peak of the conductance")
    g_initializer = CONDUCTANCE.but(meaning="conductance, and what drives it, at the start")
    g = StateSpec(u.mS, "g", "synaptic conductance")
    h = StateSpec(u.mS, "h", "what still has to pass into the conductance", start="g_initializer")

    def advance(self, now: Values, arriving: Any) -> tuple[Values, Any]:
        """Let the drive decay into the conductance, and add what arrives to the drive."""
        g = self.integrate(lambda g: (now["h"] - g) / self.tau, now["g"])
        h = self.integrate(lambda h: -h / self.tau, now["h"]) + arriving
        return {"g": g, "h": h}, g
