"""Projections whose synapses live on the presynaptic side, one for each source."""

from __future__ import annotations

from typing import Any

from engine.projections.base import Pathway, attach_stage, presynaptic, stage

__all__ = ["AlignPreProj", "align_pre_projection"]


class AlignPreProj(Pathway):
    r"""Synapses on the presynaptic side: spikes, synapse, connections, output stage, neuron.

    .. math::
        \text{spikes} \to \text{modules} \to \text{delay} \to \text{stp} \to
        \text{syn} \to \text{comm} \to \text{out} \to \text{post}

    All synapses that a cell makes follow the same course, so that one synaptic variable for each
    source stands for all its connections. Any synapse can live here, receptors that saturate too.

    Parameters
    ----------
    *modules : callable
        Run one after the other on the argument of the projection; the first may find the spikes
        itself: ``lambda: pre.get_spike()``.
    syn : Synapse or description
        The synapse, in the size of the presynaptic side.
    comm : callable, Module or array
        Connections, from the conductance of each source to that of each target: a layer, a
        function, or a matrix ``(pre, post)`` of weights, usually without unit.
    out : SynOut or description
        The output stage.
    post : Dynamics
        The target population.
    stp : Synapse or description, optional
        Short-term plasticity, `STP` or `STD`: one state for each presynaptic cell.
    label : str, optional
        Group of the input.
    delay : Quantity, optional
        How long the spikes travel: one time, or one for each presynaptic cell. See
        `engine.projections.Delay` for the exact lag.

    Raises
    ------
    TypeError
        A synapse, stage, population or connection of another kind.
    ParameterError
        A stage that serves this target already, or a delay for each connection, which a synapse
        of the source cannot have.

    References
    ----------
    C. Wang, T. Zhang, X. Chen, S. He, S. Li and S. Wu (2023). BrainPy, a flexible, integrative,
    efficient, and extensible framework for general-purpose brain dynamics programming. eLife 12,
    e86365. doi:10.7554/eLife.86365
    """

    __module__ = "engine"

    def __init__(
        self,
        *modules: Any,
        syn: Any,
        comm: Any,
        out: Any,
        post: Any,
        stp: Any = None,
        label: str | None = None,
        delay: Any = None,
    ) -> None:
        super().__init__(modules, comm, post, delay, pairwise=False)
        path = type(self).__name__
        self.stp = None
        if stp is not None:
            self.stp = presynaptic(stp, self.comm, modules, path, "stp")
        self.syn = presynaptic(syn, self.comm, modules, path, "syn")
        self.out = stage(out, f"{path}.out")
        attach_stage(self.out, post, self.name, label, f"{path}.out")

    def update(self, *args: Any) -> None:
        """Carry the spikes of this step through the synapses to the targets.

        Parameters
        ----------
        *args
            Presynaptic spikes, of a shape that fits ``(batch, *pre)``; nothing where the first
            module finds them itself.
        """
        activity = self.gather(*args)
        if self.delay is not None:
            activity = self.delay(activity)
        if self.stp is not None:
            activity = self.stp(activity)
        self.out.bind_cond(self.checked_size(self.comm(self.syn(activity))))


def align_pre_projection(
    *spike_generator: Any,
    syn: Any,
    comm: Any,
    out: Any,
    post: Any,
    stp: Any = None,
    delay: Any = None,
) -> AlignPreProj:
    r"""Make a projection with synapses on the presynaptic side.

    .. math::
        \text{spikes} \to \text{delay} \to \text{stp} \to \text{syn} \to
        \text{comm} \to \text{out} \to \text{post}

    Parameters
    ----------
    *spike_generator : callable
        Run one after the other; the last gives the presynaptic spikes. With none the projection
        is run with the spikes as its argument.
    syn, comm, out, post, stp, delay
        As of `AlignPreProj`.

    Returns
    -------
    AlignPreProj
        The projection.

    Examples
    --------
    >>> import brainstate, jax.numpy as jnp, saiunit as u
    >>> from engine import AMPA, COBA, LIF, STD, AllToAll, align_pre_projection
    >>> post = LIF(2)
    >>> projection = align_pre_projection(
    ...     syn=AMPA.desc(),
    ...     comm=AllToAll(3, 2, 0.5),
    ...     out=COBA(E=10 * u.mV),
    ...     post=post,
    ...     stp=STD.desc(U=0.2),
    ... )
    >>> _ = brainstate.nn.init_all_states(projection)
    >>> with brainstate.environ.context(dt=0.1 * u.ms, t=0.0 * u.ms):
    ...     projection(jnp.array([1.0, 0.0, 1.0]))
    ...     spikes = post()
    >>> [round(float(x), 2) for x in projection.stp.x.value]
    [0.8, 1.0, 0.8]
    """
    return AlignPreProj(
        *spike_generator, syn=syn, comm=comm, out=out, post=post, stp=stp, delay=delay
    )
