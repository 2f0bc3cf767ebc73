"""Short-term plasticity: what a spike releases depends on the spikes before it."""

from __future__ import annotations

from typing import Any, ClassVar

import saiunit as u

from engine.specs import POSITIVE, PROBABILITY, ParameterSpec, StateSpec
from engine.synapses.base import FilterSynapse, Values

__all__ = ["STD", "STP", "ShortTermPlasticity"]


class ShortTermPlasticity(FilterSynapse):
    r"""A synapse that passes spikes on, scaled by what they release: base of STP and STD.

    The output of a step is the released fraction of the synapse's resources where a spike came, and
    zero elsewhere: a train of scaled spikes, to be filtered by another synapse. A spike is 1 (or
    true), another number counts in proportion, and so do delta inputs.
    """

    x = StateSpec(u.UNITLESS, "x", "available fraction of the synaptic resources", start=1.0)

    def arrivals(self, x: Any, now: Values) -> Any:
        """Spikes that arrive in this step, as the argument or as delta inputs."""
        spikes = self.accept(x, u.UNITLESS, now["x"], "pre_spike")
        return self.sum_delta_inputs(spikes, pop=False)

    def recover(self, now: Values, tau: Any) -> Any:
        """Resources after a step without spike."""
        return self.integrate(lambda x: (1.0 - x) / tau, now["x"])

    def update(self, pre_spike: Any = None) -> Any:
        """Take one step.

        Parameters
        ----------
        pre_spike : array, optional
            Presynaptic spikes of this step, of a shape that fits the synapses.

        Returns
        -------
        array
            What the spikes release, between 0 and 1, in the shape of the state.

        Raises
        ------
        ParameterError
            A quantity with a unit, or a shape that does not fit the state.
        """
        return self._step(pre_spike)


class STP(ShortTermPlasticity):
    r"""Short-term plasticity: facilitation and depression (Tsodyks-Markram model).

    .. math::
        \frac{du}{dt} = -\frac{u}{\tau_f} + U (1 - u) \sum_k \delta(t - t_k), \qquad
        \frac{dx}{dt} = \frac{1 - x}{\tau_d} - u x \sum_k \delta(t - t_k)

    A spike first raises the release probability :math:`u`, and then releases :math:`u x`.

    Notes
    -----
    The step is that of the reference implementation, whose books do not balance to the last digit.
    Between spikes :math:`u` and :math:`x` relax exactly. In the step of a spike, with
    :math:`u_0, x_0` from before the step and :math:`u_1, x_1` after its relaxation,

    .. math::
        u = u_1 + U (1 - u_0), \qquad \text{released } u x_1, \qquad x = x_1 - u x_0

    so that :math:`u x_1` is released but :math:`u x_0` taken away, and :math:`u` is raised by
    what was missing before it decayed. Equal books would use the index 1 throughout; the difference
    is of the order of :math:`\Delta t/\tau_d` (1/2000 at 0.1 ms and 200 ms) and vanishes with the
    time step. Note too that :math:`u` starts at :math:`U` but falls to zero at rest, so that the
    very first spike, if it comes early, releases up to :math:`U (2 - U)`, a late one :math:`U`.

    References
    ----------
    M. Tsodyks and H. Markram (1997). The neural code between neocortical pyramidal neurons depends
    on neurotransmitter release probability. PNAS 94, 719-723. doi:10.1073/pnas.94.2.719
    M. Tsodyks, K. Pawelzik and H. Markram (1998). Neural networks with dynamic synapses. Neural
    Computation 10, 821-835. doi:10.1162/089976698300017502

    Examples
    --------
    >>> import brainstate, saiunit as u
    >>> from engine import STP
    >>> synapse = STP(1, U=0.1, tau_f=500 * u.ms, tau_d=20 * u.ms)
    >>> synapse.init_state()
    >>> with brainstate.environ.context(dt=1.0 * u.ms):
    ...     release = [float(synapse(i % 20 == 0)[0]) for i in range(41)]
    >>> release[0] < release[20] < release[40]  # it facilitates
    True
    """

    __module__ = "engine"
    equation: ClassVar[str] = (
        r"\frac{du}{dt} = -\frac{u}{\tau_f} + U (1 - u) \sum_k \delta(t - t_k),"
        r"\quad \frac{dx}{dt} = \frac{1 - x}{\tau_d} - u x \sum_k \delta(t - t_k)"
    )

    U = ParameterSpec(
        0.15,
        "U",
        "use of resources: how much a spike raises the release probability",
        soft=(0.01, 1.0),
        hard=PROBABILITY,
    )
    tau_f = ParameterSpec(
        1500.0 * u.ms,
        r"\tau_f",
        "facilitation time constant: how long a spike keeps the release probability up",
        soft=(10.0, 5000.0),
        hard=POSITIVE,
        scale="log",
        time_constant=True,
    )
    tau_d = ParameterSpec(
        200.0 * u.ms,
        r"\tau_d",
        "depression time constant: how long used resources take to come back",
        soft=(10.0, 5000.0),
        hard=POSITIVE,
        scale="log",
        time_constant=True,
    )
    u = StateSpec(u.UNITLESS, "u", "release probability", start="U")

    def advance(self, now: Values, arriving: Any) -> tuple[Values, Any]:
        """Relax, facilitate and release."""
        resting = self.integrate(lambda p: -p / self.tau_f, now["u"])
        recovered = self.recover(now, self.tau_d)
        p = resting + self.U * (1.0 - now["u"]) * arriving
        x = recovered - p * now["x"] * arriving
        return {"x": x, "u": p}, p * recovered * arriving


class STD(ShortTermPlasticity):
    r"""Short-term depression: every spike uses up a fixed part of the resources.

    .. math:: \frac{dx}{dt} = \frac{1 - x}{\tau} - U x \sum_k \delta(t - t_k)

    Notes
    -----
    The output at a spike is :math:`x` itself, not the :math:`U x` that is used up: a synapse that
    has rested passes on 1. As in the reference implementation the resources are passed on as they
    are after this step's recovery, and used up as they were before it, which is a difference of the
    order of :math:`\Delta t/\tau`.

    References
    ----------
    L. F. Abbott, J. A. Varela, K. Sen and S. B. Nelson (1997). Synaptic depression and cortical
    gain control. Science 275, 220-224. doi:10.1126/science.275.5297.221

    Examples
    --------
    >>> import brainstate, saiunit as u
    >>> from engine import STD
    >>> synapse = STD(1, tau=200 * u.ms, U=0.5)
    >>> synapse.init_state()
    >>> with brainstate.environ.context(dt=1.0 * u.ms):
    ...     release = [float(synapse(i % 20 == 0)[0]) for i in range(41)]
    >>> release[0] > release[20] > release[40]  # it depresses
    True
    """

    __module__ = "engine"
    equation: ClassVar[str] = r"\frac{dx}{dt} = \frac{1 - x}{\tau} - U x \sum_k \delta(t - t_k)"

    tau = ParameterSpec(
        200.0 * u.ms,
        r"\tau",
        "recovery time constant: how long used resources take to come back",
        soft=(10.0, 5000.0),
        hard=POSITIVE,
        scale="log",
        time_constant=True,
    )
    U = ParameterSpec(
        0.07,
        "U",
        "use of resources: the part that a spike uses up",
        soft=(0.01, 1.0),
        hard=PROBABILITY,
    )

    def advance(self, now: Values, arriving: Any) -> tuple[Values, Any]:
        """Recover, pass on, and use up."""
        recovered = self.recover(now, self.tau)
        return {"x": recovered - self.U * now["x"] * arriving}, recovered * arriving
