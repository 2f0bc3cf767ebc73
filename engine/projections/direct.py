"""Projections without a synapse of their own: jumps of a state, and currents."""

from __future__ import annotations

from typing import Any

from engine.projections.base import Pathway, attach_stage, phrase, stage

__all__ = ["CurrentProj", "DeltaProj"]


class DeltaProj(Pathway):
    r"""Delta synapses: what arrives jumps the state of the target at once.

    .. math:: V_j \leftarrow V_j + \sum_i w_{ij}\,s_i

    The jump is added at the end of the target's next step, before its threshold; in `CubaLIF` and
    `CobaLIF` it is :math:`g` that jumps.

    Parameters
    ----------
    *prefetch : callable
        Run one after the other on the argument of the projection; the first may find the activity
        itself: ``lambda: pre.get_spike()``.
    comm : callable, Module or array
        Connections: a layer, a function, or a matrix ``(pre, post)`` of weights, in the unit of
        the state; plain numbers are taken in it.
    post : Dynamics
        The target.
    label : str, optional
        Group of the input; a sum of the target's inputs can be restricted to a group.
    delay : Quantity, optional
        How long the spikes travel; see `engine.projections.Delay` for the exact lag.

    Raises
    ------
    TypeError
        A population or connection of another kind.

    Notes
    -----
    What is delivered waits in a state until the target reads it: a projection that runs after its
    target, in a compiled loop too, delivers in the next step, and one that runs twice in a step
    delivers twice.

    References
    ----------
    N. Brunel (2000). Dynamics of sparsely connected networks of excitatory and inhibitory spiking
    neurons. Journal of Computational Neuroscience 8, 183-208. doi:10.1023/A:1008925309027

    Examples
    --------
    >>> import brainstate, numpy as np, saiunit as u
    >>> from engine import LIF, DeltaProj
    >>> post = LIF(2)
    >>> projection = DeltaProj(comm=np.array([[0.1, 0.2], [0.3, 0.4]]) * u.mV, post=post)
    >>> _ = brainstate.nn.init_all_states(projection)
    >>> with brainstate.environ.context(dt=0.1 * u.ms):
    ...     projection(np.array([1.0, 1.0]))
    ...     spikes = post()
    >>> [round(float(V), 2) for V in post.V.value.to_decimal(u.mV)]
    [0.4, 0.6]
    """

    __module__ = "engine"

    def __init__(
        self, *prefetch: Any, comm: Any, post: Any, label: str | None = None, delay: Any = None
    ) -> None:
        super().__init__(prefetch, comm, post, delay)
        self.label = label
        self._delivered = self.pending(post)
        post.add_delta_input(self.name, self._delivered, label)

    def update(self, *args: Any) -> None:
        """Deliver what arrives in this step.

        Parameters
        ----------
        *args
            Presynaptic activity, of a shape that fits ``(batch, *pre)``; nothing where the first
            module finds it itself.
        """
        self._delivered.put(self.arriving(*args), self.post.jumping)


class CurrentProj(Pathway):
    r"""The conductance, or any other state, of one population drives a current into another.

    .. math:: I = \operatorname{out}(\operatorname{comm}(x(t - d)),\ V)

    Parameters
    ----------
    *prefetch : callable
        Run one after the other; the last has to be a reference to a state, such as
        ``synapse.prefetch('g')`` or ``synapse.prefetch_delay('g', 2 * u.ms)``. With none the
        projection is run with the activity as its argument.
    comm : callable, Module or array
        Connections: a layer, a function, or a matrix ``(pre, post)`` of weights.
    out : SynOut or description
        The output stage.
    post : Dynamics
        The target population.
    delay : Quantity, optional
        How long the activity travels; see `engine.projections.Delay` for the exact lag.

    Raises
    ------
    TypeError
        A stage, population or connection of another kind, or a last module that is no reference.
    ParameterError
        A stage that serves this target already.

    Examples
    --------
    >>> import brainstate, jax.numpy as jnp, saiunit as u
    >>> from engine import CUBA, LIF, AllToAll, CurrentProj, Expon
    >>> pre, post = LIF(3), LIF(2)
    >>> synapse = pre.align_pre(Expon.desc())
    >>> projection = CurrentProj(
    ...     synapse.prefetch("g"), comm=AllToAll(3, 2, 0.5), out=CUBA(), post=post
    ... )
    >>> _ = brainstate.nn.init_all_states((pre, projection))
    >>> synapse.g.value = jnp.ones(3) * u.mS
    >>> with brainstate.environ.context(dt=0.1 * u.ms):
    ...     projection()
    ...     spikes = post()
    >>> [round(float(V), 4) for V in post.V.value.to_decimal(u.mV)]
    [0.0297, 0.0297]
    """

    __module__ = "engine"

    def __init__(self, *prefetch: Any, comm: Any, out: Any, post: Any, delay: Any = None) -> None:
        super().__init__(prefetch, comm, post, delay)
        if prefetch and not hasattr(prefetch[-1], "item"):
            raise TypeError(
                "CurrentProj reads a state: its last module has to be a reference such as "
                f"synapse.prefetch('g'), got {phrase(prefetch[-1])}"
            )
        self.out = stage(out, "CurrentProj.out")
        attach_stage(self.out, post, self.name, None, "CurrentProj.out")

    def update(self, *args: Any) -> None:
        """Hand what arrives in this step to the output stage.

        Parameters
        ----------
        *args
            Presynaptic activity, where the projection does not read it itself.
        """
        self.out.bind_cond(self.checked_size(self.arriving(*args)))
