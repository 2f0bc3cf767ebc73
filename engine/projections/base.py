"""What all projections share: the way from presynaptic spikes to the target population."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

import brainstate
import numpy as np
import saiunit as u

from engine.boundary import unit_text
from engine.dynamics import Dynamics
from engine.errors import ParameterError
from engine.pending import PendingInput, fitting
from engine.projections.comm import AllToAll
from engine.projections.delay import Delay
from engine.synouts import SynOut

__all__ = [
    "Pathway",
    "Projection",
    "attach_stage",
    "built",
    "is_described",
    "layer",
    "phrase",
    "presynaptic",
    "source_size",
    "stage",
]

_NUMBERS = count()


class Projection(brainstate.nn.Module):
    """What connects one population with another: the base of every projection.

    A projection is run once in a step, before the populations. It has a name of its own, under
    which its target knows the input.

    Parameters
    ----------
    name : str, optional
        Name of the instance; numbered where none is given.

    Examples
    --------
    A projection that drives its target with the mean of another population:

    >>> import brainstate, jax.numpy as jnp, saiunit as u
    >>> from engine import LIF, Projection
    >>> class MeanField(Projection):
    ...     def __init__(self, pre, post, strength):
    ...         super().__init__()
    ...         self.pre, self.post, self.strength = pre, post, strength
    ...
    ...     def update(self):
    ...         mean = self.pre.V.value.mean() * self.strength
    ...         self.post.add_current_input(self.name, mean)
    >>> pre, post = LIF(4), LIF(2)
    >>> projection = MeanField(pre, post, 2.0 * u.siemens)
    >>> _ = brainstate.nn.init_all_states((pre, post))
    >>> pre.V.value = 0.5 * jnp.ones(4) * u.mV
    >>> projection()
    >>> float(post.get_input(projection.name).to_decimal(u.mA))
    1.0
    """

    __module__ = "engine"

    if TYPE_CHECKING:
        name: str  # brainstate says less

    def __init__(self, name: str | None = None) -> None:
        name = name or f"{type(self).__name__} {next(_NUMBERS)}"
        super().__init__(name=name)  # type: ignore[call-arg]

    def update(self, *args: Any) -> Any:
        """Carry what the presynaptic side does in this step to the target: abstract here.

        Raises
        ------
        NotImplementedError
            The class does not say how.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define update()")


class Pathway(Projection):
    """A projection that carries spikes: modules, one after the other, then delay and connections.

    Parameters
    ----------
    modules : sequence of callable
        Run in their order, each on the result of the one before, the first on the arguments of the
        projection. A reference to a state, such as ``pre.prefetch('V')``, takes none.
    comm : callable, Module or array
        From presynaptic activity to what the target receives; a matrix ``(pre, post)`` is a layer.
    post : Dynamics
        The target population.
    delay : Quantity, optional
        See `Delay`.
    pairwise : bool
        Whether the delay may differ from connection to connection.
    """

    def __init__(
        self,
        modules: Sequence[Any],
        comm: Any,
        post: Any,
        delay: Any = None,
        pairwise: bool = True,
    ) -> None:
        super().__init__()
        model = type(self).__name__
        if not isinstance(post, Dynamics):
            raise TypeError(
                f"{model}.post must be a population such as LIF(100), got {phrase(post)}"
            )
        for number, module in enumerate(modules):
            if not callable(module):
                raise TypeError(
                    f"{model} runs its modules one after the other, but number {number + 1} is "
                    f"{phrase(module)}, which cannot be called"
                )
        self.chain, self.post = tuple(modules), post
        self.comm = layer(comm, f"{model}.comm")
        self.delay = None
        if delay is not None:
            size = source_size(self.comm, self.chain, model)
            self.delay = Delay(delay, size, self.comm if pairwise else None, f"{model}.delay")

    def gather(self, *args: Any) -> Any:
        """Run the modules, and give the presynaptic activity of this step.

        Raises
        ------
        ParameterError
            The projection was run without the activity, and has nothing that finds it.
        """
        if not self.chain and len(args) != 1:
            model = type(self).__name__
            raise ParameterError(
                model,
                f"{model} has to be run with the presynaptic spikes, e.g. projection(spikes), "
                f"or made with a module that finds them, e.g. lambda: pre.get_spike(); "
                f"got {len(args)} arguments",
            )
        for module in self.chain:
            args = (module(*args),)
        return args[0]

    def arriving(self, *args: Any) -> Any:
        """Give what arrives at the target in this step: weighted, and of the delayed activity."""
        activity = self.gather(*args)
        if self.delay is None:
            return self.comm(activity)
        delayed = self.delay(activity)
        return self.comm.collect(delayed) if self.delay.is_pairwise else self.comm(delayed)

    def pending(self, target: Dynamics) -> PendingInput:
        """Make a place in which what is delivered waits for ``target``."""
        return PendingInput(
            f"{type(self).__name__}.comm",
            target.varshape,
            lambda: u.get_unit(target.jumping),
        )

    def checked_size(self, arriving: Any) -> Any:
        """Check the shape of a conductance against the target, batch aside."""
        size, shape = self.post.varshape, u.math.shape(arriving)
        fitting(f"{type(self).__name__}.comm", np.empty(shape[-len(size) :]), u.UNITLESS, size)
        return arriving


def is_described(given: Any, kind: type) -> bool:
    """Whether ``given`` is a description of a ``kind``, made by ``Cls.desc(...)``."""
    return isinstance(given, brainstate.mixin.ParamDescriber) and issubclass(given.cls, kind)


def stage(out: Any, path: str) -> SynOut:
    """Give the output stage that ``out`` is or describes.

    Raises
    ------
    TypeError
        It is neither.
    """
    if is_described(out, SynOut):
        return out()
    if not isinstance(out, SynOut):
        raise TypeError(
            f"{path} must be an output stage such as COBA(E=0 * u.mV), got {phrase(out)}"
        )
    return out


def attach_stage(out: SynOut, post: Dynamics, key: str, label: str | None, path: str) -> None:
    """Register an output stage with the neuron that asks it for its current.

    Raises
    ------
    ParameterError
        It serves a projection onto this neuron already: its current would flow twice.
    """
    if any(inp is out for inp in (post.current_inputs or {}).values()):
        raise ParameterError(
            path,
            f"{path} is an output stage of {type(post).__name__} already, and would be counted "
            f"twice; give every projection a stage of its own, or describe it: "
            f"{type(out).__name__}.desc(...)",
        )
    post.add_current_input(key, out, label)


def built(dyn: Any, in_size: Callable[[], Any], path: str) -> Any:
    """Give the model that ``dyn`` is or describes, in the size ``in_size()`` unless described.

    Raises
    ------
    TypeError
        It is neither.
    """
    if is_described(dyn, Dynamics):
        sized = dyn.args or "in_size" in dyn.kwargs
        return dyn() if sized else dyn(in_size=in_size())
    if not isinstance(dyn, Dynamics):
        raise TypeError(
            f"{path} must be a synapse such as Expon(100) or Expon.desc(), got {phrase(dyn)}"
        )
    return dyn


def presynaptic(dyn: Any, comm: Any, modules: Sequence[Any], model: str, name: str) -> Dynamics:
    """Give the model that ``dyn`` is or describes, in the size of the presynaptic side.

    Raises
    ------
    TypeError
        It is neither.
    ParameterError
        It has to be sized, and neither the connections nor the modules say how.
    """
    return built(dyn, lambda: source_size(comm, modules, model), f"{model}.{name}")


def source_size(comm: Any, modules: Sequence[Any], model: str) -> tuple[int, ...]:
    """Give the shape of the presynaptic activity, as the connections or the modules declare it.

    Raises
    ------
    ParameterError
        Neither says.
    """
    sizes = [getattr(comm, "in_size", None)]
    for module in reversed(modules):
        sizes += [getattr(module, "out_size", None)]
        sizes += [getattr(getattr(module, "module", None), "varshape", None)]
    known = [size for size in sizes if size]
    if not known:
        raise ParameterError(
            f"{model}.comm",
            f"{model} cannot tell the size of its presynaptic side, which it needs here: "
            f"{model}.comm is a plain function; give a matrix or a layer with in_size, such "
            "as engine.AllToAll(n_pre, n_post, weight)",
        )
    return tuple(known[0])


def layer(comm: Any, path: str) -> Any:
    """Give the connections that ``comm`` is, or that it has the weights of.

    Raises
    ------
    TypeError
        It is neither.
    """
    if callable(comm) and not isinstance(comm, u.Unit | type):
        return comm
    if np.ndim(u.get_mantissa(comm)) == 2:
        n_pre, n_post = u.math.shape(comm)
        return AllToAll(n_pre, n_post, comm)
    raise TypeError(
        f"{path} must be a layer, a function or a matrix (pre, post) of weights, got {phrase(comm)}"
    )


def phrase(given: Any) -> str:
    """Say what was given in the place of something else."""
    if isinstance(given, brainstate.mixin.ParamDescriber):
        return f"a description of {given.cls.__name__}"
    if isinstance(given, u.Quantity) or hasattr(given, "shape"):
        text = unit_text(u.get_unit(given))
        return f"an array of shape {u.math.shape(given)}{f' in {text}' if text else ''}"
    name = type(given).__name__
    return f"{'an' if name[0] in 'aeiouAEIO' else 'a'} {name}"
