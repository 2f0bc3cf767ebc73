"""Projections whose synapses live on the postsynaptic side, one for each target."""

from __future__ import annotations

from typing import Any, cast

import brainstate
import saiunit as u

from engine.dynamics import AlignPost, Dynamics, description
from engine.errors import ParameterError
from engine.pending import fitting
from engine.projections.base import (
    Pathway,
    attach_stage,
    built,
    is_described,
    layer,
    phrase,
    presynaptic,
    stage,
)
from engine.synouts import SynOut

__all__ = ["AlignPostProj", "align_post_projection"]


class AlignPostProj(Pathway):
    r"""Synapses on the postsynaptic side: spikes, connections, synapse, output stage, neuron.

    .. math::
        \text{spikes} \to \text{modules} \to \text{delay} \to \text{comm} \to
        \text{syn} \to \text{out} \to \text{post}

    A linear synapse filters the sum of what arrives as it would filter each arrival, so that one
    synaptic variable for each target stands for all its connections.

    Parameters
    ----------
    *modules : callable
        Run one after the other on the argument of the projection, such as short-term plasticity;
        the first may find the spikes itself: ``lambda: pre.get_spike()``.
    comm : callable, Module or array
        Connections: a layer, a function, or a matrix ``(pre, post)`` of weights.
    syn : Synapse or description
        The synapse, in the size of ``post``; as a description of an `AlignPost` synapse, such as
        ``Expon.desc(tau=5 * u.ms)``, it is shared by all projections onto ``post`` that describe
        the same synapse, stage and label.
    out : SynOut or description
        The output stage; described where the synapse is.
    post : Dynamics
        The target population.
    label : str, optional
        Group of the input; a sum of the target's inputs can be restricted to a group.
    delay : Quantity, optional
        How long the spikes travel: one time, one for each presynaptic cell, or one for each
        connection. See `engine.projections.Delay` for the exact lag.

    Raises
    ------
    TypeError
        A synapse, stage, population or connection of another kind, a description beside an
        instance, or a described synapse that is not an `AlignPost`.
    ParameterError
        A synapse whose size does not fit ``post``, or a synapse or stage that serves another
        projection already.

    Notes
    -----
    In a step the projection runs before the populations. With instances the synapse takes its step
    within the projection, and the current flows in the step of ``post`` that follows. With
    descriptions what arrives waits, and the synapse takes its step just before that of ``post``,
    once for all projections that share it: call the population as ``post(x)``, since
    ``post.update(x)`` leaves it out. Both ways give the same numbers.

    A plain number from ``comm`` is taken in the unit of the synapse. A projection that runs after
    its target delivers in the next step; with instances, where the synapse would have no
    conductance for the present one, it is refused.

    References
    ----------
    C. Wang, T. Zhang, X. Chen, S. He, S. Li and S. Wu (2023). BrainPy, a flexible, integrative,
    efficient, and extensible framework for general-purpose brain dynamics programming. eLife 12,
    e86365. doi:10.7554/eLife.86365

    Examples
    --------
    >>> import brainstate, jax.numpy as jnp, saiunit as u
    >>> from engine import COBA, LIF, AlignPostProj, AllToAll, Expon
    >>> post = LIF(2)
    >>> projection = AlignPostProj(
    ...     comm=AllToAll(3, 2, 0.5 * u.mS),
    ...     syn=Expon.desc(tau=5 * u.ms),
    ...     out=COBA.desc(E=10 * u.mV),
    ...     post=post,
    ... )
    >>> _ = brainstate.nn.init_all_states(projection)
    >>> with brainstate.environ.context(dt=0.1 * u.ms):
    ...     projection(jnp.array([1.0, 0.0, 1.0]))
    ...     spikes = post()
    >>> projection.syn.g.value.to_decimal(u.mS).tolist()
    [1.0, 1.0]
    """

    __module__ = "engine"

    def __init__(
        self,
        *modules: Any,
        comm: Any,
        syn: Any,
        out: Any,
        post: Any,
        label: str | None = None,
        delay: Any = None,
    ) -> None:
        super().__init__(modules, comm, post, delay)
        self.label = label
        described = [isinstance(m, brainstate.mixin.ParamDescriber) for m in (syn, out)]
        if described[0] != described[1]:
            raise TypeError(
                "AlignPostProj takes a synapse and an output stage, or a description of both, "
                f"got {phrase(syn)} and {phrase(out)}"
            )
        self.merging = described[0]
        """Whether the synapse is shared with all projections that describe the same."""
        if self.merging:
            shared = self._shared(syn, out)
            self.syn, self.out = shared.syn, shared.out
            self._delivered = self.pending(self.syn)
            self.syn.add_delta_input(self.name, self._delivered)
        else:
            self.out = stage(out, "AlignPostProj.out")
            self.syn = self._fitting_synapse(syn)
            owner = vars(self.syn).get("projection")
            if owner is not None:
                raise ParameterError(
                    "AlignPostProj.syn",
                    f"AlignPostProj.syn is the synapse of another projection, {owner}, and would "
                    "take two steps in one; give each its own, or let both describe it: "
                    f"{type(self.syn).__name__}.desc(...)",
                )
            attach_stage(self.out, post, self.name, label, "AlignPostProj.out")
            vars(self.syn)["projection"] = self.name

    def _shared(self, syn: Any, out: Any) -> _SharedSynapse:
        if not is_described(syn, AlignPost):
            raise TypeError(
                "AlignPostProj.syn, where it is described, has to be a synapse that takes the sum "
                f"of all arrivals (an AlignPost such as Expon), got {phrase(syn)}; "
                "give an instance, or use align_pre_projection"
            )
        if not is_described(out, SynOut):
            raise TypeError(
                "AlignPostProj.out must describe an output stage such as "
                f"COBA.desc(E=0 * u.mV), got {phrase(out)}"
            )
        key = f"synapse {self.label or ''} // {description(syn)} // {description(out)}"
        if not self.post.has_before_update(key):
            shared = _SharedSynapse(self._fitting_synapse(syn), out(), (syn, out))
            self.post.add_before_update(key, shared)
            self.post.add_current_input(self.name, shared.out, self.label)
        return cast(_SharedSynapse, self.post.get_before_update(key))

    def _fitting_synapse(self, syn: Any) -> Dynamics:
        synapse, post = built(syn, lambda: self.post.varshape, "AlignPostProj.syn"), self.post
        if synapse.varshape != post.varshape:
            raise ParameterError(
                "AlignPostProj.syn",
                f"AlignPostProj.syn has the size {synapse.varshape}, but its target has "
                f"{post.varshape}: a synapse on the postsynaptic side has the size of the target",
            )
        return synapse

    def update(self, *args: Any) -> None:
        """Carry the spikes of this step to the synapses.

        Parameters
        ----------
        *args
            Presynaptic spikes, of a shape that fits ``(batch, *pre)``; nothing where the first
            module finds them itself.
        """
        arriving = self.arriving(*args)
        if self.merging:
            self._delivered.put(arriving, self.syn.jumping)
            return
        now = self.syn.jumping
        arriving = fitting("AlignPostProj.comm", arriving, u.get_unit(now), u.math.shape(now))
        self.syn.add_delta_input(self.name, arriving)
        self.out.bind_cond(self.syn())


class _SharedSynapse(brainstate.nn.Module):
    """A synapse that takes its step just before its target, for all projections that share it."""

    def __init__(self, syn: Dynamics, out: SynOut, described: Any) -> None:
        super().__init__()
        self.syn, self.out = syn, out
        self._described = described  # keeps what the key identifies by address

    def update(self) -> None:
        self.out.bind_cond(self.syn())


def align_post_projection(
    *spike_generator: Any,
    comm: Any,
    syn: Any,
    out: Any,
    post: Any,
    stp: Any = None,
    delay: Any = None,
) -> AlignPostProj:
    r"""Make a projection with short-term plasticity and synapses on the postsynaptic side.

    .. math::
        \text{spikes} \to \text{stp} \to \text{delay} \to \text{comm} \to
        \text{syn} \to \text{out} \to \text{post}

    Parameters
    ----------
    *spike_generator : callable
        Run one after the other; the last gives the presynaptic spikes. With none the projection
        is run with the spikes as its argument.
    comm, syn, out, post, delay
        As of `AlignPostProj`.
    stp : Synapse or description, optional
        Short-term plasticity, `STP` or `STD`: one state for each presynaptic cell.

    Returns
    -------
    AlignPostProj
        The projection.
    """
    modules, comm = [*spike_generator], layer(comm, "align_post_projection.comm")
    if stp is not None:
        modules.append(presynaptic(stp, comm, modules, "align_post_projection", "stp"))
    return AlignPostProj(*modules, comm=comm, syn=syn, out=out, post=post, delay=delay)
