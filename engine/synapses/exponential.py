"""Synapses whose conductance is a sum of exponentials."""

from __future__ import annotations

from typing import Any, ClassVar

import saiunit as u

from engine.dynamics import AlignPost, Synapse, require_same_shape
from engine.specs import POSITIVE, InitialSpec, ParameterSpec, StateSpec

__all__ = ["Expon"]


class Expon(Synapse, AlignPost):
    r"""Synapse whose conductance jumps at a spike and decays exponentially.

    .. math:: \frac{dg}{dt} = -\frac{g}{\tau} + \sum_k \delta(t - t_k)

    Notes
    -----
    The conductance has the unit of its start value, millisiemens by default; an input without a
    unit is taken in it. A step decays first and adds what arrives afterwards, so that a spike shows
    in the step in which it comes.

    References
    ----------
    W. Gerstner, W. M. Kistler, R. Naud and L. Paninski (2014). Neuronal Dynamics. Cambridge
    University Press, chapter 3.1. doi:10.1017/CBO9781107447615
    """

    __module__ = "engine"
    equation: ClassVar[str] = r"\frac{dg}{dt} = -\frac{g}{\tau} + \sum_k \delta(t - t_k)"

    tau = ParameterSpec(
        8.0 * u.ms,
        r"\tau",
        "decay time constant of the conductance",
        soft=(1.0, 100.0),
        hard=POSITIVE,
        scale="log",
        time_constant=True,
    )
    g_initializer = InitialSpec(
        0.0 * u.mS, "g(0)", "conductance at the start", soft=(0.0, 2.0), any_unit=True
    )
    g = StateSpec(u.mS, "g", "synaptic conductance")

    def update(self, x: Any = None) -> Any:
        """Take one step.

        Parameters
        ----------
        x : Quantity or array, optional
            What arrives in this step, of a shape that fits the synapses.

        Returns
        -------
        Quantity
            The conductance, in the shape of the state.
        """
        before = self.g.value
        unit = u.get_unit(before)
        x = self.accept(x, unit, before)
        g = self.integrate(lambda g: self.sum_current_inputs(-g, pop=False) / self.tau, before)
        g = self.sum_delta_inputs(g) + x
        self.use_up_inputs()
        require_same_shape(type(self).__name__, "g", before, g)
        self.g.value = g
        return g

    def align_post_input_add(self, value: Any) -> None:
        """Add summed arrivals to the conductance."""
        self.g.value = self.g.value + self.accept(value, u.get_unit(self.g.value), self.g.value)
