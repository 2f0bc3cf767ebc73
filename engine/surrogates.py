r"""The catalogue of surrogate gradients.

A neuron spikes when its membrane potential reaches the threshold. That step has no useful slope, so
nothing could be learned through it. A surrogate keeps the step in the forward pass and puts a
pseudo-derivative :math:`g(x)` in the place of its slope in the backward pass,

.. math::

    H(x) = \begin{cases} 1 & x \ge 0 \\ 0 & x < 0 \end{cases}, \qquad
    \frac{\partial H}{\partial x} := g(x),

where :math:`x` is the distance to the threshold as a plain number. The slopes themselves are those
of ``braintools.surrogate``; here each one says what its parameters mean, and all behave alike in
every version of the libraries beneath.

Examples
--------
>>> import jax
>>> from engine import surrogates
>>> spike = surrogates.ReluGrad(alpha=0.3)
>>> float(spike(0.5)), float(jax.grad(spike)(0.5))
(1.0, 0.15000000596046448)
>>> surrogates.by_name("ATan").__name__
'Arctan'

References
----------
Neftci, E. O., Mostafa, H. and Zenke, F. (2019). Surrogate gradient learning in spiking neural
networks. IEEE Signal Processing Magazine 36(6), 51-63. doi:10.1109/MSP.2019.2931595
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Literal

import braintools
import jax
import jax.numpy as jnp
import numpy as np
import saiunit as u
from jax.core import Tracer

from engine import boundary
from engine.errors import ParameterError
from engine.specs import (
    NON_NEGATIVE,
    POSITIVE,
    ChoiceSpec,
    Component,
    ParameterSpec,
    subclasses,
    unknown_name,
)

__all__ = [
    "ERF",
    "S2NN",
    "ATan",
    "Arctan",
    "GaussianGrad",
    "InvSquareGrad",
    "LeakyRelu",
    "LogTailedRelu",
    "MultiGaussianGrad",
    "NonzeroSignLog",
    "PiecewiseExp",
    "PiecewiseLeakyRelu",
    "PiecewiseQuadratic",
    "QPseudoSpike",
    "ReluGrad",
    "Sigmoid",
    "SigmoidGrad",
    "SlayerGrad",
    "SoftSign",
    "Source",
    "SquarewaveFourierSeries",
    "Surrogate",
    "by_name",
    "catalogue",
]


@dataclass(frozen=True)
class Source:
    """Where a surrogate was proposed or made known; ``doi`` is empty where none is cited."""

    authors: str
    year: int
    title: str
    doi: str = ""

    def __str__(self) -> str:
        doi = f" doi:{self.doi}" if self.doi else ""
        return f"{self.authors} ({self.year}). {self.title}.{doi}"


_NEFTCI = Source(
    "Neftci, E. O., Mostafa, H. and Zenke, F.",
    2019,
    "Surrogate gradient learning in spiking neural networks",
    "10.1109/MSP.2019.2931595",
)
_ESSER = Source(
    "Esser, S. K. et al.",
    2016,
    "Convolutional networks for fast, energy-efficient neuromorphic computing",
    "10.1073/pnas.1604850113",
)
_ZENKE = Source(
    "Zenke, F. and Ganguli, S.",
    2018,
    "SuperSpike: supervised learning in multilayer spiking neural networks",
    "10.1162/neco_a_01086",
)
_FANG_2021 = Source(
    "Fang, W., Yu, Z., Chen, Y., Masquelier, T., Huang, T. and Tian, Y.",
    2021,
    "Incorporating learnable membrane time constant to enhance learning of spiking neural networks",
    "10.48550/arXiv.2007.05785",
)
_FANG_2023 = Source(
    "Fang, W. et al.",
    2023,
    "SpikingJelly: an open-source machine learning infrastructure platform for spike-based "
    "intelligence",
    "10.1126/sciadv.adi1480",
)
_WU = Source(
    "Wu, Y., Deng, L., Li, G., Zhu, J. and Shi, L.",
    2018,
    "Spatio-temporal backpropagation for training high-performance spiking neural networks",
    "10.3389/fnins.2018.00331",
)
_YIN_2017 = Source(
    "Yin, S. et al.",
    2017,
    "Algorithm and hardware design of discrete-time spiking neural networks based on back "
    "propagation with binary activations",
)
_SUETAKE = Source(
    "Suetake, K. et al.",
    2022,
    "S2NN: time step reduction of spiking surrogate gradients for training energy efficient "
    "single-step neural networks",
    "10.48550/arXiv.2201.10879",
)
_HERRANZ = Source(
    "Herranz-Celotti, L. and Rouat, J.",
    2022,
    "Surrogate gradients design",
    "10.48550/arXiv.2202.00282",
)
_MAAS = Source(
    "Maas, A. L., Hannun, A. Y. and Ng, A. Y.",
    2013,
    "Rectifier nonlinearities improve neural network acoustic models",
)
_CAI = Source(
    "Cai, Z., He, X., Sun, J. and Vasconcelos, N.",
    2017,
    "Deep learning with low precision by half-wave Gaussian quantization",
)
_BELLEC = Source(
    "Bellec, G., Salaj, D., Subramoney, A., Legenstein, R. and Maass, W.",
    2018,
    "Long short-term memory and learning-to-learn in networks of spiking neurons",
    "10.48550/arXiv.1803.09574",
)
_YIN_2021 = Source(
    "Yin, B., Corradi, F. and Bohté, S. M.",
    2021,
    "Accurate and efficient time-domain classification with adaptive spiking recurrent neural "
    "networks",
    "10.1038/s42256-021-00397-w",
)
_SHRESTHA = Source(
    "Shrestha, S. B. and Orchard, G.",
    2018,
    "SLAYER: spike layer error reassignment in time",
    "10.48550/arXiv.1810.08646",
)


@jax.custom_jvp
def _spike(x: jax.Array, slope: jax.Array) -> jax.Array:
    """Give the step of ``x``; ``slope`` stands in for its derivative."""
    return (x >= 0).astype(x.dtype)


@_spike.defjvp
def _spike_jvp(primals: tuple, tangents: tuple) -> tuple:
    # The tangent of the slope is left out: a step does not depend on the shape of its surrogate.
    # braintools 0.3 lets it through (a gradient with respect to alpha would then be wrong).
    (x, slope), (x_dot, _) = primals, tangents
    return _spike(x, slope), slope * x_dot


def _plain_float(x: Any, name: str) -> jax.Array:
    """Give ``x`` as a plain floating array."""
    if isinstance(x, u.Quantity):
        unit = u.get_unit(x)
        if unit.dim != u.UNITLESS.dim:
            raise ParameterError(
                name,
                f"{name} must be given a plain number, got {boundary.dimension_word(unit)}; "
                "divide it by a reference of the same kind first",
            )
        x = x.to_decimal(u.UNITLESS)
    x = jnp.asarray(x)
    if jnp.issubdtype(x.dtype, jnp.complexfloating):
        raise ParameterError(name, f"{name} must be given real numbers, got complex ones")
    return x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype(jnp.result_type(float))


def _integrate(slope: Any, x: np.ndarray) -> np.ndarray:
    """Integrate ``slope`` from 0 to every ``x``, and add one half."""
    span = max(float(np.abs(x).max(initial=0.0)), 1e-6)
    ladder = span * 2.0 ** -np.arange(0, 30, 0.25)
    knots = np.unique(np.concatenate([x.ravel(), ladder, -ladder, [0.0]]))
    nodes, weights = np.polynomial.legendre.leggauss(8)
    middle, half = (knots[1:] + knots[:-1]) / 2, np.diff(knots) / 2
    heights = np.asarray(slope(middle[:, None] + half[:, None] * nodes), dtype=float)
    area = np.concatenate([[0.0], np.cumsum(half * (heights @ weights))])
    area -= area[np.searchsorted(knots, 0.0)]
    return 0.5 + area[np.searchsorted(knots, x)]


def _frozen(value: Any) -> Any:
    """Stand in for a parameter value in comparisons; traced values are compared by identity."""
    if isinstance(value, Tracer):
        return id(value)
    if isinstance(value, str):
        return value
    number = np.asarray(value, dtype=float)
    return number.shape, number.tobytes()


def _written(value: Any) -> str:
    if isinstance(value, float | np.floating):
        return repr(float(value))
    return repr(value)


def _document(cls: type[Surrogate], written: str) -> str:
    """Complete a class' docstring from what the class declares, so that it cannot drift."""
    lines = [written, "", ".. math::", "", f"    {cls.formula}", ""]
    declared: dict[str, Any] = dict(cls.declarations())
    declared = {n: declared[n] for n in cls._arguments() if n in declared}
    if declared:
        lines += ["Parameters", "----------"]
        for name, spec in declared.items():
            kind = "float" if isinstance(spec, ParameterSpec) else "str or int"
            symbol = f":math:`{spec.symbol}`: " if isinstance(spec, ParameterSpec) else ""
            lines += [f"{name} : {kind}", f"    {symbol}{spec.meaning}"]
        lines += ["", "Raises", "------", "ParameterError"]
        lines += ["    A parameter is not a number or is out of its range.", ""]
    if cls.source:
        lines += ["References", "----------", str(cls.source)]
    return "\n".join(lines)


class Surrogate(Component, braintools.surrogate.Surrogate):
    r"""A step whose derivative is replaced by a pseudo-derivative.

    To add one, derive from this class, declare the shape parameters and write ``surrogate_grad``;
    it is then in the catalogue, unless its name starts with an underscore.

    Attributes
    ----------
    formula : str
        LaTeX of the pseudo-derivative :math:`g(x)`.
    summary : str
        What it looks like, in a sentence: the first line of the class' docstring.
    source : Source or None
        Where it comes from.

    Notes
    -----
    Gradients with respect to shape parameters are exactly zero. Second derivatives are those of
    :math:`g`. Shape parameters may be traced values, so that moving them compiles nothing.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> class _Tent(Surrogate):
    ...     '''A triangle of height and half-width one.'''
    ...     formula = r"g(x) = \\max(1 - |x|, 0)"
    ...     def surrogate_grad(self, x):
    ...         return jnp.maximum(1 - jnp.abs(x), 0)
    >>> _Tent().pseudo_derivative([0.0, 0.25, 2.0]).tolist()
    [1.0, 0.75, 0.0]
    >>> _Tent().curve([0.0, 2.0]).round(3).tolist()
    [0.5, 1.0]
    """

    formula: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    source: ClassVar[Source | None] = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        written = vars(cls).get("__doc__")
        if written:
            cls.summary = inspect.cleandoc(written).splitlines()[0]
            if "formula" in vars(cls):
                cls.__doc__ = _document(cls, inspect.cleandoc(written))

    def _construct(self) -> None:
        """Do nothing: there is no framework state, but subclasses get a generated constructor."""

    def _bind(self, name: str, value: Any) -> None:
        path = f"{type(self).__name__}.{name}"
        if callable(value) and not isinstance(value, u.Quantity):
            raise ParameterError(path, f"{path} must be a plain number, got a function")
        super()._bind(name, value)
        spec = type(self).declarations()[name]
        if isinstance(spec, ParameterSpec):
            # the slopes of braintools calculate with plain numbers only
            setattr(self, name, boundary.strip(getattr(self, name), spec.unit))

    @classmethod
    def _arguments(cls) -> list[str]:
        return list(inspect.signature(cls).parameters)

    def __call__(self, x: Any) -> jax.Array:
        """Give 1 where ``x`` is at or above zero, else 0.

        Parameters
        ----------
        x : array_like
            Distance to the threshold: plain numbers or a dimensionless quantity, any shape.
            Integers and booleans are cast to the default float.

        Returns
        -------
        spike : jax.Array
            Same shape and float dtype as ``x``; NaN gives 0.

        Raises
        ------
        ParameterError
            ``x`` has a dimension or is complex, or a per-neuron shape parameter does not fit it.
        """
        x = _plain_float(x, type(self).__name__)
        slope = jnp.asarray(self.surrogate_grad(x))
        if slope.shape != x.shape:
            name = type(self).__name__
            raise ParameterError(
                name,
                f"the parameters of {name} must fit the shape {x.shape} of its input, "
                f"got parameters that make it {slope.shape}",
            )
        return _spike(x, slope.astype(x.dtype))

    def pseudo_derivative(self, x: Any) -> np.ndarray:
        """Give the slope that a backward pass meets, found by differentiating a call.

        Parameters
        ----------
        x : array_like
            Distance to the threshold, any shape.

        Returns
        -------
        slope : numpy.ndarray
            Same shape and float dtype as ``x``.
        """
        x = _plain_float(x, type(self).__name__)
        return np.asarray(_slope_program(type(self), self._chosen())(self._numbers(), x))

    @property
    def curve_origin(self) -> Literal["closed form", "integral"]:
        """How ``curve`` is obtained: from braintools' ``surrogate_fun``, or by integrating."""
        known = type(self).surrogate_fun is not braintools.surrogate.Surrogate.surrogate_fun
        return "closed form" if known else "integral"

    def curve(self, x: Any) -> np.ndarray:
        r"""Give the smooth curve whose derivative the surrogate is.

        Where braintools knows the primitive (``surrogate_fun``) this is it. Elsewhere the
        pseudo-derivative is integrated numerically from the threshold,

        .. math:: F(x) = \frac{1}{2} + \int_0^x g(z)\,dz .

        ``curve_origin`` says which.

        Parameters
        ----------
        x : array_like
            Distance to the threshold, any shape.

        Returns
        -------
        curve : numpy.ndarray
            Same shape as ``x``.

        Notes
        -----
        The integral is a Gauss-Legendre rule on intervals that shrink towards the threshold, so
        that a narrow peak there is met whatever its width.
        """
        x = _plain_float(x, type(self).__name__)
        if self.curve_origin == "closed form":
            return np.asarray(_curve_program(type(self), self._chosen())(self._numbers(), x))
        return _integrate(self.pseudo_derivative, np.asarray(x, dtype=float)).astype(x.dtype)

    def _numbers(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in type(self).parameters()}

    def _chosen(self) -> tuple[tuple[str, str], ...]:
        return tuple((name, getattr(self, name)) for name in type(self).choices())

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return self._key() == other._key()  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return hash((type(self), self._key()))

    def _key(self) -> tuple:
        return tuple(_frozen(getattr(self, name)) for name in self._arguments())

    def __repr__(self) -> str:
        given = ", ".join(f"{n}={_written(getattr(self, n))}" for n in self._arguments())
        return f"{type(self).__name__}({given})"


@lru_cache(maxsize=64)
def _slope_program(kind: type[Surrogate], chosen: tuple[tuple[str, str], ...]) -> Callable:
    """Compile the pseudo-derivative of a class once, for all values of its parameters."""

    def slope(numbers: dict[str, Any], x: jax.Array) -> jax.Array:
        spike, pull_back = jax.vjp(kind(**numbers, **dict(chosen)), x)
        return pull_back(jnp.ones_like(spike))[0]

    return jax.jit(slope)


@lru_cache(maxsize=64)
def _curve_program(kind: type[Surrogate], chosen: tuple[tuple[str, str], ...]) -> Callable:
    """Compile the closed form of a class once, for all values of its parameters."""
    return jax.jit(lambda numbers, x: kind(**numbers, **dict(chosen)).surrogate_fun(x))


class Sigmoid(Surrogate, braintools.surrogate.Sigmoid):
    """The slope of a logistic curve: a smooth bump with exponential tails."""

    formula = r"g(x) = \alpha\, s(\alpha x)\,\bigl(1 - s(\alpha x)\bigr), \quad s(z) = 1/(1+e^{-z})"
    source = _NEFTCI
    alpha = ParameterSpec(
        4.0,
        r"\alpha",
        "Steepness of the logistic curve: larger is taller and narrower.",
        soft=(0.5, 20),
        hard=POSITIVE,
        scale="log",
    )


class PiecewiseQuadratic(Surrogate, braintools.surrogate.PiecewiseQuadratic):
    """A triangle of area one: the slope of a curve made of two parabolas."""

    formula = r"g(x) = \max\bigl(\alpha - \alpha^2 |x|,\; 0\bigr)"
    source = _ESSER
    alpha = ParameterSpec(
        1.0,
        r"\alpha",
        "Height of the triangle, and one over its half-width.",
        soft=(0.1, 10),
        hard=POSITIVE,
        scale="log",
    )


class PiecewiseExp(Surrogate, braintools.surrogate.PiecewiseExp):
    """A two-sided exponential of area one, with a cusp at the threshold."""

    formula = r"g(x) = \frac{\alpha}{2}\, e^{-\alpha |x|}"
    source = _NEFTCI
    alpha = ParameterSpec(
        1.0,
        r"\alpha",
        "Rate at which the slope falls off on either side of the threshold.",
        soft=(0.1, 10),
        hard=POSITIVE,
        scale="log",
    )


class SoftSign(Surrogate, braintools.surrogate.SoftSign):
    """The slope of the soft sign: a cusp with slowly falling, quadratic tails."""

    formula = r"g(x) = \frac{\alpha / 2}{(1 + \alpha |x|)^2}"
    source = _ZENKE
    alpha = ParameterSpec(
        1.0,
        r"\alpha",
        "Steepness: larger is taller and narrower.",
        soft=(0.1, 20),
        hard=POSITIVE,
        scale="log",
    )


class Arctan(Surrogate, braintools.surrogate.Arctan):
    """The slope of an arc tangent: a smooth bump with quadratic tails."""

    formula = r"g(x) = \frac{\alpha / 2}{1 + (\pi \alpha x / 2)^2}"
    source = _FANG_2021
    alpha = ParameterSpec(
        1.0,
        r"\alpha",
        "Steepness: larger is taller and narrower.",
        soft=(0.1, 20),
        hard=POSITIVE,
        scale="log",
    )


class NonzeroSignLog(Surrogate, braintools.surrogate.NonzeroSignLog):
    """The slope of a two-sided logarithm: its tails fall off so slowly that none is ever lost."""

    formula = r"g(x) = \frac{1}{1/\alpha + |x|}"
    source = _FANG_2023
    alpha = ParameterSpec(
        1.0,
        r"\alpha",
        "Height at the threshold.",
        soft=(0.1, 20),
        hard=POSITIVE,
        scale="log",
    )


class ERF(Surrogate, braintools.surrogate.ERF):
    """The slope of the error function: a Gaussian of area one."""

    formula = r"g(x) = \frac{\alpha}{\sqrt{\pi}}\, e^{-\alpha^2 x^2}"
    source = _WU
    alpha = ParameterSpec(
        1.0,
        r"\alpha",
        "Steepness: larger is taller and narrower.",
        soft=(0.1, 10),
        hard=POSITIVE,
        scale="log",
    )


class PiecewiseLeakyRelu(Surrogate, braintools.surrogate.PiecewiseLeakyRelu):
    """A box around the threshold, with a small slope left outside of it."""

    formula = r"g(x) = \begin{cases} 1/(2w) & |x| \le w \\ c & |x| > w \end{cases}"
    source = _YIN_2017
    c = ParameterSpec(0.01, "c", "Slope outside of the box.", soft=(0.0, 0.5), hard=NON_NEGATIVE)
    w = ParameterSpec(
        1.0,
        "w",
        "Half-width of the box; its area is one.",
        soft=(0.05, 5),
        hard=POSITIVE,
        scale="log",
    )


class SquarewaveFourierSeries(Surrogate, braintools.surrogate.SquarewaveFourierSeries):
    """The slope of a square wave's first Fourier terms: it ripples and may turn negative.

    The number of terms decides which program runs, so it is a choice and not a traced parameter. It
    may be given as an integer and is kept as the word that the choice declares: ``n='2'``.
    """

    formula = r"g(x) = \frac{4}{T} \sum_{i=1}^{n} \cos\frac{2\pi (2i-1)\, x}{T}"
    source = _FANG_2023
    n = ChoiceSpec(
        "2",
        ("1", "2", "3", "4", "5", "6", "7", "8"),
        "Number of Fourier terms, $n$: more terms, a sharper peak and more ripples.",
    )
    t_period = ParameterSpec(
        8.0,
        "T",
        "Period of the square wave.",
        soft=(1, 20),
        hard=POSITIVE,
        scale="log",
    )

    def _bind(self, name: str, value: Any) -> None:
        if name == "n" and isinstance(value, int | np.integer) and not isinstance(value, bool):
            value = str(value)
        super()._bind(name, value)

    def _counted(self) -> braintools.surrogate.SquarewaveFourierSeries:
        return braintools.surrogate.SquarewaveFourierSeries(int(self.n), self.t_period)

    def surrogate_fun(self, x: jax.Array) -> jax.Array:
        """Sum of sines; see ``curve``."""
        return self._counted().surrogate_fun(x)

    def surrogate_grad(self, x: jax.Array) -> jax.Array:
        """Sum of cosines; see ``formula``."""
        return self._counted().surrogate_grad(x)


class S2NN(Surrogate, braintools.surrogate.S2NN):
    """A logistic slope below the threshold and a slowly falling hyperbola above it."""

    formula = (
        r"g(x) = \begin{cases} \alpha\, s(\alpha x)\,\bigl(1 - s(\alpha x)\bigr) & x < 0 \\"
        r" \beta / (x + 1) & x \ge 0 \end{cases}, \quad s(z) = 1/(1+e^{-z})"
    )
    source = _SUETAKE
    alpha = ParameterSpec(
        4.0,
        r"\alpha",
        "Steepness of the logistic part below the threshold.",
        soft=(0.5, 20),
        hard=POSITIVE,
        scale="log",
    )
    beta = ParameterSpec(
        1.0,
        r"\beta",
        "Height of the hyperbola just above the threshold.",
        soft=(0.0, 5),
        hard=NON_NEGATIVE,
    )
    epsilon = ParameterSpec(
        1e-8,
        r"\epsilon",
        "Keeps the logarithm of the curve finite; the pseudo-derivative does not feel it.",
        soft=(1e-8, 1e-3),
        hard=POSITIVE,
        scale="log",
    )


class QPseudoSpike(Surrogate, braintools.surrogate.QPseudoSpike):
    """A cusp of height one whose tails fall off as a power that can be chosen."""

    formula = r"g(x) = \Bigl(1 + \frac{2 |x|}{\alpha + 1}\Bigr)^{-\alpha}"
    source = _HERRANZ
    alpha = ParameterSpec(
        2.0,
        r"\alpha",
        "Power with which the tails fall off: small leaves fat tails.",
        soft=(0.5, 10),
        hard=POSITIVE,
        scale="log",
    )


class LeakyRelu(Surrogate, braintools.surrogate.LeakyRelu):
    """One slope below the threshold and another above it, however far away."""

    formula = r"g(x) = \begin{cases} \alpha & x < 0 \\ \beta & x \ge 0 \end{cases}"
    source = _MAAS
    alpha = ParameterSpec(
        0.1, r"\alpha", "Slope below the threshold.", soft=(0.0, 1.0), hard=NON_NEGATIVE
    )
    beta = ParameterSpec(
        1.0, r"\beta", "Slope at and above the threshold.", soft=(0.0, 2.0), hard=NON_NEGATIVE
    )


class LogTailedRelu(Surrogate, braintools.surrogate.LogTailedRelu):
    """Flat one just above the threshold, then a hyperbola that calms far excursions."""

    formula = r"g(x) = \begin{cases} \alpha & x \le 0 \\ 1 & 0 < x \le 1 \\ 1/x & x > 1 \end{cases}"
    source = _CAI
    alpha = ParameterSpec(
        0.0, r"\alpha", "Slope at and below the threshold.", soft=(0.0, 1.0), hard=NON_NEGATIVE
    )


class ReluGrad(Surrogate, braintools.surrogate.ReluGrad):
    """A triangle whose height and width can be set apart."""

    formula = r"g(x) = \max\bigl(\alpha\,(w - |x|),\; 0\bigr)"
    source = _BELLEC
    alpha = ParameterSpec(
        0.3,
        r"\alpha",
        "Steepness of the triangle's sides; its height is this times the width.",
        soft=(0.0, 2.0),
        hard=NON_NEGATIVE,
    )
    width = ParameterSpec(
        1.0,
        "w",
        "Half-width of the triangle: beyond it nothing is learned.",
        soft=(0.1, 5),
        hard=POSITIVE,
        scale="log",
    )


class GaussianGrad(Surrogate, braintools.surrogate.GaussianGrad):
    """A Gaussian bump of any area."""

    formula = r"g(x) = \frac{\alpha}{\sqrt{2\pi}\,\sigma}\, e^{-x^2 / (2\sigma^2)}"
    source = _YIN_2021
    sigma = ParameterSpec(
        0.5,
        r"\sigma",
        "Width of the bump (standard deviation).",
        soft=(0.05, 3),
        hard=POSITIVE,
        scale="log",
    )
    alpha = ParameterSpec(
        0.5, r"\alpha", "Area under the bump.", soft=(0.0, 2.0), hard=NON_NEGATIVE
    )


class MultiGaussianGrad(Surrogate, braintools.surrogate.MultiGaussianGrad):
    """A Gaussian bump between two shallow negative ones, after adaptive spiking networks."""

    formula = (
        r"g(x) = \gamma \bigl[(1 + h)\,\mathcal{N}(x; 0, \sigma)"
        r" - h\,\mathcal{N}(x; \sigma, s\sigma) - h\,\mathcal{N}(x; -\sigma, s\sigma)\bigr]"
    )
    source = _YIN_2021
    h = ParameterSpec(
        0.15, "h", "Depth of the two negative bumps.", soft=(0.0, 1.0), hard=NON_NEGATIVE
    )
    s = ParameterSpec(
        6.0,
        "s",
        "How many times wider than the middle bump the negative ones are.",
        soft=(1, 20),
        hard=POSITIVE,
    )
    sigma = ParameterSpec(
        0.5,
        r"\sigma",
        "Width of the middle bump (standard deviation).",
        soft=(0.05, 3),
        hard=POSITIVE,
        scale="log",
    )
    scale = ParameterSpec(0.5, r"\gamma", "Scale of the whole.", soft=(0.0, 2.0), hard=NON_NEGATIVE)


class InvSquareGrad(Surrogate, braintools.surrogate.InvSquareGrad):
    """A cusp of height one with quadratic tails, the slope used by SuperSpike."""

    formula = r"g(x) = \frac{1}{(\alpha |x| + 1)^2}"
    source = _ZENKE
    alpha = ParameterSpec(
        100.0,
        r"\alpha",
        "Steepness: larger is narrower; the height stays one.",
        soft=(1, 1000),
        hard=POSITIVE,
        scale="log",
    )


class SlayerGrad(Surrogate, braintools.surrogate.SlayerGrad):
    """A two-sided exponential of height one, with a cusp at the threshold."""

    formula = r"g(x) = e^{-\alpha |x|}"
    source = _SHRESTHA
    alpha = ParameterSpec(
        1.0,
        r"\alpha",
        "Rate at which the slope falls off on either side of the threshold.",
        soft=(0.1, 20),
        hard=POSITIVE,
        scale="log",
    )


SigmoidGrad = Sigmoid
ATan = Arctan
_ALIASES: dict[str, type[Surrogate]] = {"SigmoidGrad": SigmoidGrad, "ATan": ATan}


def catalogue() -> dict[str, type[Surrogate]]:
    """Every surrogate that is defined, by the name of its class.

    Returns
    -------
    surrogates : dict of str to type
        Ours first, in the order of this module; then whatever a user derived from ``Surrogate``.
        Names with a leading underscore are left out.
    """
    return {c.__name__: c for c in subclasses(Surrogate) if not c.__name__.startswith("_")}


def by_name(name: str) -> type[Surrogate]:
    """Find a surrogate by the name of its class or by an alias.

    Raises
    ------
    ParameterError
        There is none of that name; the sentence suggests the nearest.
    """
    known = catalogue() | _ALIASES
    if name not in known:
        raise unknown_name("surrogate", name, known, "the catalogue")
    return known[name]
