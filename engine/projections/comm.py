"""Connections: layers that weigh presynaptic spikes and add them up at their targets."""

from __future__ import annotations

from typing import Any, ClassVar

import brainstate
import jax.numpy as jnp
import numpy as np
import saiunit as u

from engine import boundary
from engine.errors import ParameterError
from engine.specs import FREE, NON_NEGATIVE, PROBABILITY, Component, ParameterSpec

__all__ = ["AllToAll", "Connections", "FixedProbability", "OneToOne"]


class Connections(Component, brainstate.nn.Module):
    """Weighted connections between two populations: the base of the layers of connections.

    Parameters
    ----------
    in_size, out_size : int
        Number of presynaptic and of postsynaptic cells.
    weight : Quantity, array or callable
        One weight for all connections, or an array in their shape (`connections`); a callable is
        called with that shape. It becomes a ``brainstate.ParamState``, which can be trained.

    Raises
    ------
    ParameterError
        A size that is not a positive whole number, or weights of another shape.
    """

    _leading: ClassVar[tuple[str, ...]] = ("in_size", "out_size")
    _trailing: ClassVar[tuple[str, ...]] = ("weight",)

    weight = ParameterSpec(
        1.0 * u.mS,
        "w",
        "weight: what one spike delivers through one connection",
        soft=(0.0, 2.0),
        hard=FREE,
        any_unit=True,
    )

    states = brainstate.nn.Module.states  # type: ignore[assignment]  # of the instance: its weights

    connections: tuple[int, ...]
    """Shape of the connections: of an array of weights, and of one of delays."""
    sources: np.ndarray
    """The presynaptic cell of each connection, in the shape of the connections."""

    def _construct(self, in_size: Any, out_size: Any) -> None:
        brainstate.nn.Module.__init__(self)
        sizes = {"in_size": in_size, "out_size": out_size}
        for name, n in sizes.items():
            path = f"{type(self).__name__}.{name}"
            whole = isinstance(n, int | np.integer) and not isinstance(n, bool)
            if not whole or n < 1:
                raise ParameterError(path, f"{path} must be a positive whole number, got {n!r}")
        self.n_pre, self.n_post = int(in_size), int(out_size)
        self.in_size, self.out_size = (self.n_pre,), (self.n_post,)
        self._lay()

    def _lay(self) -> None:
        """Lay the connections, where that needs the sizes only."""

    def _bind(self, name: str, value: Any) -> None:
        if name != "weight":
            super()._bind(name, value)
            return
        path = f"{type(self).__name__}.weight"
        if callable(value):
            value = value(self.connections)
        spec = type(self).weight
        spec = spec.but(default=boundary.attach(0.0, u.get_unit(value)), unit_text="")
        value = boundary.check_parameter(value, spec, path)
        if u.math.shape(value) not in ((), self.connections):
            raise ParameterError(
                path,
                f"{path} must be one weight or an array in the shape of the connections, "
                f"{self.connections}, got shape {u.math.shape(value)}",
            )
        value = u.math.asarray(value, dtype=brainstate.environ.dftype())
        self.weight = brainstate.ParamState(value)

    def update(self, x: Any) -> Any:
        """Weigh the activity of the presynaptic cells and add it up at each target.

        Parameters
        ----------
        x : array or Quantity, shape (..., pre)
            Activity, usually spikes; truth values count as 0 and 1.

        Returns
        -------
        array or Quantity, shape (..., post)
            What arrives.

        Raises
        ------
        ParameterError
            Another number of presynaptic cells.
        """
        shape, n = u.math.shape(x), self.n_pre
        if not shape or shape[-1] != n:
            name = type(self).__name__
            raise ParameterError(
                f"{name}.in_size", f"{name} connects {n} presynaptic cells, got activity of {shape}"
            )
        if not isinstance(x, u.Quantity):
            x = jnp.asarray(x, brainstate.environ.dftype())
        return self.spread(x)

    def spread(self, x: Any) -> Any:
        """Add up at each target what all cells send: `update` without its checks."""
        return self.collect(x[..., self.sources])

    def collect(self, arriving: Any) -> Any:
        """Weigh what comes along each connection, and add it up at each target.

        Raises
        ------
        NotImplementedError
            The class does not say how.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define collect()")


class AllToAll(Connections):
    r"""Every presynaptic cell is connected with every postsynaptic one.

    .. math:: y_j = \sum_i w_{ij}\,x_i

    The shape of the connections is ``(pre, post)``.

    Examples
    --------
    >>> import numpy as np, saiunit as u
    >>> from engine import AllToAll
    >>> layer = AllToAll(2, 3, np.array([[1, 2, 3], [10, 20, 30]]) * u.mS)
    >>> layer(np.array([True, False])).to_decimal(u.mS).tolist()
    [1.0, 2.0, 3.0]
    """

    __module__ = "engine"

    def _lay(self) -> None:
        self.connections = (self.n_pre, self.n_post)
        self.sources = np.broadcast_to(np.arange(self.n_pre)[:, None], self.connections)

    def spread(self, x: Any) -> Any:
        """Add up at each target what all cells send."""
        weight = self.weight.value
        if not u.math.shape(weight):
            total = u.math.sum(x, axis=-1, keepdims=True) * weight
            return u.math.broadcast_to(total, (*u.math.shape(x)[:-1], self.n_post))
        return u.math.matmul(x, weight)

    def collect(self, arriving: Any) -> Any:
        """Weigh what comes along each connection, and add it up at each target."""
        return u.math.sum(arriving * self.weight.value, axis=-2)


class OneToOne(Connections):
    r"""Each presynaptic cell is connected with the postsynaptic one of the same index.

    .. math:: y_i = w_i\,x_i

    Parameters
    ----------
    in_size : int
        Number of cells on either side.
    weight : Quantity, array or callable
        One weight, or one for each pair; see `Connections`.
    """

    __module__ = "engine"
    _leading: ClassVar[tuple[str, ...]] = ("in_size",)

    def _construct(self, in_size: Any) -> None:
        super()._construct(in_size, in_size)

    def _lay(self) -> None:
        self.connections = (self.n_pre,)
        self.sources = np.arange(self.n_pre)

    def spread(self, x: Any) -> Any:
        """Weigh what each cell sends to its partner."""
        return self.collect(x)

    def collect(self, arriving: Any) -> Any:
        """Weigh what comes along each connection."""
        return arriving * self.weight.value


class FixedProbability(Connections):
    r"""Every possible connection exists with the same probability, independently of the others.

    .. math:: y_j = \sum_i w_{ij}\,c_{ij}\,x_i, \qquad c_{ij} \sim \mathrm{Bernoulli}(p)

    The connections are drawn once, when the layer is made, and are listed target by target: an
    array of weights has one for each of them.

    Notes
    -----
    Each target holds a list of its sources, filled up to the longest list, so that a step costs
    what there are connections, and runs without scattering. The draw is that of numpy's PCG64 for
    the given seed, and does not depend on the version of jax.

    References
    ----------
    P. Erdős and A. Rényi (1959). On random graphs I. Publicationes Mathematicae Debrecen 6,
    290-297.

    Examples
    --------
    >>> import numpy as np, saiunit as u
    >>> from engine import FixedProbability
    >>> layer = FixedProbability(1000, 50, p=0.1, weight=0.5 * u.mS, seed=1)
    >>> arriving = layer(np.ones(1000)).to_decimal(u.mS)
    >>> bool(abs(arriving.mean() - 0.5 * 0.1 * 1000) < 2.0)
    True
    """

    __module__ = "engine"
    _trailing: ClassVar[tuple[str, ...]] = ("weight", "seed")

    p = ParameterSpec(
        0.1,
        "p",
        "connection probability: the part of all pairs that is connected",
        soft=(0.0, 1.0),
        hard=PROBABILITY,
        structural=True,
    )
    seed = ParameterSpec(
        0.0,
        r"\mathrm{seed}",
        "which of the equally likely sets of connections is drawn",
        soft=(0, 100),
        hard=NON_NEGATIVE,
        integer=True,
        structural=True,
    )

    def _bind(self, name: str, value: Any) -> None:
        if name == "weight":  # its shape is that of the connections, which the seed decides
            self._given_weight = value
            return
        super()._bind(name, value)
        if name == "seed":
            self._draw()
            super()._bind("weight", self._given_weight)

    def _draw(self) -> None:
        n_pre, n_post = self.n_pre, self.n_post
        rng = np.random.default_rng(int(self.seed))
        chosen = [np.flatnonzero(rng.random(n_pre) < float(self.p)) for _ in range(n_post)]
        lengths = [len(c) for c in chosen]
        self.connections = (sum(lengths),)
        self.sources = np.concatenate(chosen).astype(np.int32)
        self.targets = np.repeat(np.arange(n_post, dtype=np.int32), lengths)
        # place of each connection in the lists of equal length; the place behind all is empty
        filled = np.arange(max(lengths, default=0)) < np.asarray(lengths)[:, None]
        self._places = np.full(filled.shape, sum(lengths), np.int32)
        self._places[filled] = np.arange(sum(lengths), dtype=np.int32)
        self._listed = np.full(filled.shape, n_pre, np.int32)
        self._listed[filled] = self.sources

    def spread(self, x: Any) -> Any:
        """Add up at each target what all cells send."""
        weight, padded = self.weight.value, _with_nothing(x)
        if not u.math.shape(weight):
            return u.math.sum(padded[..., self._listed], axis=-1) * weight
        return u.math.sum(padded[..., self._listed] * _with_nothing(weight)[self._places], axis=-1)

    def collect(self, arriving: Any) -> Any:
        """Weigh what comes along each connection, and add it up at each target."""
        weighed = _with_nothing(arriving * self.weight.value)
        return u.math.sum(weighed[..., self._places], axis=-1)


def _with_nothing(x: Any) -> Any:
    """Put a zero behind the last element."""
    unit = u.get_unit(x)
    numbers = u.get_mantissa(x)
    empty = jnp.zeros((*numbers.shape[:-1], 1), numbers.dtype)
    return boundary.attach(jnp.concatenate([numbers, empty], axis=-1), unit)
