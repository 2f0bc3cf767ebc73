"""Electrical synapses: channels that let current flow between two cells directly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import brainstate
import braintools
import numpy as np
import saiunit as u

from engine.boundary import dimension_word, unit_text
from engine.dynamics import Dynamics
from engine.errors import ParameterError
from engine.pending import PendingInput
from engine.projections.base import Projection

__all__ = ["AsymmetryGapJunction", "SymmetryGapJunction"]

Connect = Callable[[tuple[int, ...], tuple[int, ...]], tuple[Any, Any]]


class _GapJunction(Projection):
    """Pairs of cells with a conductance between them: base of the gap junctions."""

    sides: int
    """How many conductances a pair has."""

    def __init__(
        self,
        pre: Dynamics,
        pre_state: str,
        post: Dynamics,
        post_state: str,
        conn: Connect,
        weight: Any,
        param_type: type,
    ) -> None:
        super().__init__()
        model = type(self).__name__
        for name, cell in (("pre", pre), ("post", post)):
            if not isinstance(cell, brainstate.nn.Dynamics):
                raise ParameterError(
                    f"{model}.{name}",
                    f"{model} couples populations of neurons; {name} is a {type(cell).__name__}",
                )
        for name, state in (("pre_state", pre_state), ("post_state", post_state)):
            if not isinstance(state, str):
                raise ParameterError(
                    f"{model}.{name}",
                    f"{model}.{name} must be the name of a state such as 'V', got {state!r}",
                )
        self.pre, self.pre_state = pre, pre_state
        self.post, self.post_state = post, post_state
        ids = conn(pre.varshape, post.varshape)
        if not isinstance(ids, tuple | list) or len(ids) != 2:
            raise ParameterError(
                f"{model}.conn", f"{model}.conn must return two lists of indices: pre and post"
            )
        self.pre_ids = _checked_ids(ids[0], pre.varshape, f"{model}.conn", "pre")
        self.post_ids = _checked_ids(ids[1], post.varshape, f"{model}.conn", "post")
        if len(self.pre_ids) != len(self.post_ids):
            raise ParameterError(
                f"{model}.conn",
                f"{model}.conn must pair the cells one by one, "
                f"got {len(self.pre_ids)} pre and {len(self.post_ids)} post indices",
            )
        self.weight = param_type(self._checked_weight(weight))
        # registered once: what flows waits in a state, also where the populations run first
        self._into = {side: self._register(side) for side in ("post", "pre")}

    def _register(self, side: str) -> PendingInput:
        cells: Dynamics = getattr(self, side)
        flowing = PendingInput(
            f"{type(self).__name__}.weight",
            cells.varshape,
            lambda: u.get_unit(self.weight.value) * u.get_unit(self._potential("pre")),
        )
        cells.add_current_input(f"gap_junction_{side} of {self.name}", flowing)
        return flowing

    def _checked_weight(self, weight: Any) -> Any:
        n, model = len(self.pre_ids), type(self).__name__
        full = (n,) if self.sides == 1 else (n, self.sides)
        given = weight(full) if callable(weight) else u.math.asarray(weight)
        shape = u.math.shape(given)
        if shape not in ({(), (1,), full} if self.sides == 1 else {(self.sides,), full}):
            one = "a single conductance" if self.sides == 1 else "two conductances (post, pre)"
            raise ParameterError(
                f"{model}.weight",
                f"{model}.weight must be {one} or one of shape {full} for its {n} pairs, "
                f"got shape {shape}",
            )
        return braintools.init.param(given, full)

    def update(self) -> Any:
        """Let the current of this step flow: out of the cell with the higher potential.

        It is a current input of both populations, which their next step uses up: run the junction
        before the populations, once in a step.

        Returns
        -------
        Quantity
            The current out of each cell of the first population, in the shape of its state.

        Raises
        ------
        ParameterError
            A population has no such state, the two states measure different things, or the
            junction was run twice in a step.
        """
        pre, post = self._potential("pre"), self._potential("post")
        if u.get_dim(pre) != u.get_dim(post):
            model = type(self).__name__
            raise ParameterError(
                f"{model}.post_state",
                f"{model} couples {dimension_word(u.get_unit(pre))} "
                f"('{self.pre_state}', in {unit_text(u.get_unit(pre))}) to "
                f"{dimension_word(u.get_unit(post))} ('{self.post_state}'); "
                "name states of the same kind",
            )
        pre_cells, post_cells = _flat(pre, self.pre.varshape), _flat(post, self.post.varshape)
        difference = pre_cells[..., self.pre_ids] - post_cells[..., self.post_ids]
        to_post, to_pre = self._weights()
        into_post = _gathered(difference * to_post, self.post_ids, post_cells, u.math.shape(post))
        out_of_pre = _gathered(difference * to_pre, self.pre_ids, pre_cells, u.math.shape(pre))
        if self._into["post"].is_waiting or self._into["pre"].is_waiting:
            name = type(self).__name__
            raise ParameterError(
                name,
                f"{name} was run already, and the populations have not taken their step since; "
                "run a junction once in a step",
            )
        self._into["post"].put(into_post, post)
        self._into["pre"].put(-out_of_pre, pre)
        return out_of_pre

    def _weights(self) -> tuple[Any, Any]:
        """Conductances towards the second and towards the first cell of each pair."""
        raise NotImplementedError(f"{type(self).__name__} does not define _weights()")

    def _potential(self, side: str) -> Any:
        cells, name = getattr(self, side), getattr(self, f"{side}_state")
        known = [k for k, v in vars(cells).items() if isinstance(v, brainstate.State)]
        if name not in known:
            model, path = type(cells).__name__, f"{type(self).__name__}.{side}_state"
            hint = f"it has {', '.join(known)}" if known else "call init_state() first"
            raise ParameterError(path, f"{path}: {model} has no state '{name}'; {hint}")
        return getattr(cells, name).value


class SymmetryGapJunction(_GapJunction):
    r"""Electrical synapses with one conductance in both directions.

    .. math::
        I_{post} = \sum w\,(V_{pre} - V_{post}), \qquad
        I_{pre} = -\sum w\,(V_{pre} - V_{post})

    What flows into one cell flows out of the other.

    Parameters
    ----------
    couples : Dynamics or (Dynamics, Dynamics)
        One population, coupled with itself, or two.
    states : str or (str, str)
        Name of the state that is coupled, such as ``'V'``, or one name for each population.
    conn : callable
        Called with the two sizes; returns the indices of the first and of the second cells.
    weight : Quantity, array or callable
        The conductance: one for all pairs, or shape ``(pairs,)``; a callable is called with that.
    param_type : type
        Kind of state that holds the conductance; ``brainstate.ParamState`` can be trained.

    Raises
    ------
    ParameterError
        An index outside of its population, or a conductance whose shape does not fit the pairs.

    References
    ----------
    M. V. L. Bennett and R. S. Zukin (2004). Electrical coupling and neuronal synchronization in the
    mammalian brain. Neuron 41, 495-511. doi:10.1016/S0896-6273(04)00043-1

    Examples
    --------
    >>> import brainstate, jax.numpy as jnp, saiunit as u
    >>> from engine import LIF, SymmetryGapJunction
    >>> cells = LIF(2)
    >>> cells.init_state()
    >>> cells.V.value = jnp.array([0.5, 0.0]) * u.mV
    >>> junction = SymmetryGapJunction(cells, "V", lambda pre, post: ([0], [1]), 0.2 * u.siemens)
    >>> [round(float(i), 3) for i in junction().to_decimal(u.mA)]
    [0.1, 0.0]
    """

    __module__ = "engine"
    sides = 1

    def __init__(
        self,
        couples: Any,
        states: str | tuple[str, str],
        conn: Connect,
        weight: Any,
        param_type: type = brainstate.ParamState,
    ) -> None:
        pair = tuple(couples) if isinstance(couples, tuple | list) else (couples, couples)
        names = tuple(states) if isinstance(states, tuple | list) else (states, states)
        for what, given in (("couples", pair), ("states", names)):
            if len(given) != 2:
                raise ParameterError(
                    f"SymmetryGapJunction.{what}",
                    f"SymmetryGapJunction.{what} must be one or two, got {len(given)}",
                )
        super().__init__(pair[0], names[0], pair[1], names[1], conn, weight, param_type)

    def _weights(self) -> tuple[Any, Any]:
        return self.weight.value, self.weight.value


class AsymmetryGapJunction(_GapJunction):
    r"""Electrical synapses that conduct better in one direction.

    .. math::
        I_{post} = \sum w_0\,(V_{pre} - V_{post}), \qquad
        I_{pre} = -\sum w_1\,(V_{pre} - V_{post})

    Parameters
    ----------
    pre, post : Dynamics
        The two populations; they may be the same.
    pre_state, post_state : str
        Names of the states that are coupled.
    conn : callable
        Called with the two sizes; returns the indices of the first and of the second cells.
    weight : Quantity, array or callable
        The conductances into ``post`` and into ``pre``: shape ``(2,)`` or ``(pairs, 2)``.
    param_type : type
        Kind of state that holds the conductances; ``brainstate.ParamState`` can be trained.

    Raises
    ------
    ParameterError
        An index outside of its population, or conductances whose shape does not fit the pairs.

    References
    ----------
    P. Phelan, L. A. Goulding, J. L. Y. Tam, M. J. Allen, R. J. Dawber, J. A. Davies and J. P. Bacon
    (2008). Molecular mechanism of rectification at identified electrical synapses in the Drosophila
    giant fiber system. Current Biology 18, 1955-1960. doi:10.1016/j.cub.2008.10.067
    """

    __module__ = "engine"
    sides = 2

    def __init__(
        self,
        pre: Dynamics,
        pre_state: str,
        post: Dynamics,
        post_state: str,
        conn: Connect,
        weight: Any,
        param_type: type = brainstate.ParamState,
    ) -> None:
        super().__init__(pre, pre_state, post, post_state, conn, weight, param_type)

    def _weights(self) -> tuple[Any, Any]:
        return self.weight.value[..., 0], self.weight.value[..., 1]


def _checked_ids(ids: Any, size: tuple[int, ...], path: str, side: str) -> np.ndarray:
    found, n = np.asarray(ids), int(np.prod(size))
    if found.ndim != 1 or (found.size and found.dtype.kind not in "iu"):
        raise ParameterError(path, f"{path} must return a list of whole numbers for {side}")
    if found.size and not (found.min() >= 0 and found.max() < n):
        worst = int(found.min() if found.min() < 0 else found.max())
        raise ParameterError(
            path, f"{path} gives the {side} index {worst}, but {side} has cells 0 to {n - 1}"
        )
    return found.astype(np.int32)


def _flat(potential: Any, size: tuple[int, ...]) -> Any:
    """Put all cells on one axis, behind the batch."""
    shape = u.math.shape(potential)
    return u.math.reshape(potential, (*shape[: len(shape) - len(size)], -1))


def _gathered(current: Any, ids: np.ndarray, cells: Any, shape: tuple[int, ...]) -> Any:
    """Add the currents of all pairs up at their cells, in the shape of the potential."""
    total = u.math.zeros_like(cells) * u.get_unit(current) / u.get_unit(cells)
    return u.math.reshape(total.at[..., ids].add(current), shape)
