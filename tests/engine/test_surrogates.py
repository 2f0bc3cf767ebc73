"""Laws of the surrogate gradients, over everything in the catalogue."""

import copy
import doctest
import inspect
import pickle
import re
from itertools import pairwise

import braintools
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import saiunit as u
from scipy import integrate
from scipy.special import expit

from engine import surrogates
from engine.errors import ParameterError
from engine.specs import ParameterSpec
from engine.surrogates import (
    S2NN,
    ReluGrad,
    Sigmoid,
    SquarewaveFourierSeries,
    Surrogate,
    by_name,
    catalogue,
)

CATALOGUE = catalogue()
ALL = pytest.mark.parametrize("cls", CATALOGUE.values(), ids=CATALOGUE.keys())
X = np.array([-2.7, -1.3, -0.61, -0.2, -0.004, 0.003, 0.15, 0.52, 0.9, 1.7, 2.6], np.float32)


def normal(x, mean, sigma):
    return np.exp(-((x - mean) ** 2) / (2 * sigma**2)) / (np.sqrt(2 * np.pi) * sigma)


# Every pseudo-derivative written a second time, in double precision, from the literature.
REFERENCE = {
    "Sigmoid": lambda x, alpha: alpha * expit(alpha * x) * (1 - expit(alpha * x)),
    "PiecewiseQuadratic": lambda x, alpha: np.where(
        abs(x) <= 1 / alpha, alpha - alpha**2 * abs(x), 0
    ),
    "PiecewiseExp": lambda x, alpha: alpha / 2 * np.exp(-alpha * abs(x)),
    "SoftSign": lambda x, alpha: alpha / 2 / (1 + alpha * abs(x)) ** 2,
    "Arctan": lambda x, alpha: alpha / 2 / (1 + (np.pi * alpha * x / 2) ** 2),
    "NonzeroSignLog": lambda x, alpha: 1 / (1 / alpha + abs(x)),
    "ERF": lambda x, alpha: alpha / np.sqrt(np.pi) * np.exp(-(alpha**2) * x**2),
    "PiecewiseLeakyRelu": lambda x, c, w: np.where(abs(x) <= w, 1 / (2 * w), c),
    "SquarewaveFourierSeries": lambda x, n, t_period: (
        4 / t_period * sum(np.cos((2 * i - 1) * 2 * np.pi * x / t_period) for i in range(1, n + 1))
    ),
    "S2NN": lambda x, alpha, beta, epsilon: np.where(
        x < 0, alpha * expit(alpha * x) * (1 - expit(alpha * x)), beta / (abs(x) + 1)
    ),
    "QPseudoSpike": lambda x, alpha: (1 + 2 * abs(x) / (alpha + 1)) ** -alpha,
    "LeakyRelu": lambda x, alpha, beta: np.where(x < 0, alpha, beta),
    "LogTailedRelu": lambda x, alpha: np.where(x <= 0, alpha, 1 / np.maximum(x, 1)),
    "ReluGrad": lambda x, alpha, width: np.maximum(alpha * width - alpha * abs(x), 0),
    "GaussianGrad": lambda x, sigma, alpha: alpha * normal(x, 0, sigma),
    "MultiGaussianGrad": lambda x, h, s, sigma, scale: (
        scale
        * (
            (1 + h) * normal(x, 0, sigma)
            - h * normal(x, sigma, s * sigma)
            - h * normal(x, -sigma, s * sigma)
        )
    ),
    "InvSquareGrad": lambda x, alpha: 1 / (alpha * abs(x) + 1) ** 2,
    "SlayerGrad": lambda x, alpha: np.exp(-alpha * abs(x)),
}

FUNCTIONS = {
    "Sigmoid": "sigmoid",
    "PiecewiseQuadratic": "piecewise_quadratic",
    "PiecewiseExp": "piecewise_exp",
    "SoftSign": "soft_sign",
    "Arctan": "arctan",
    "NonzeroSignLog": "nonzero_sign_log",
    "ERF": "erf",
    "PiecewiseLeakyRelu": "piecewise_leaky_relu",
    "SquarewaveFourierSeries": "squarewave_fourier_series",
    "S2NN": "s2nn",
    "QPseudoSpike": "q_pseudo_spike",
    "LeakyRelu": "leaky_relu",
    "LogTailedRelu": "log_tailed_relu",
    "ReluGrad": "relu_grad",
    "GaussianGrad": "gaussian_grad",
    "MultiGaussianGrad": "multi_gaussian_grad",
    "InvSquareGrad": "inv_square_grad",
    "SlayerGrad": "slayer_grad",
}


def defaults(cls):
    """Arguments as braintools and the reference take them: the count of terms is an integer."""
    given = {name: spec.default_number for name, spec in cls.parameters().items()}
    return given | {name: int(choice.default) for name, choice in cls.choices().items()}


def drawn(cls, seed):
    """Arguments from somewhere inside the soft ranges."""
    rng = np.random.default_rng(seed)
    given = {}
    for name, spec in cls.parameters().items():
        low, high = spec.soft
        at = rng.uniform(0.05, 0.95)
        value = low * (high / low) ** at if spec.scale == "log" else low + at * (high - low)
        given[name] = round(float(value), 3) or float(low)
    return given | {n: int(rng.choice(c.options)) for n, c in cls.choices().items()}


def settings(cls):
    return [defaults(cls), drawn(cls, 1), drawn(cls, 2)]


def reference(cls, x, given):
    return REFERENCE[cls.__name__](np.asarray(x, dtype=float), **given)


# ---------------------------------------------------------------- the catalogue


def test_every_class_of_braintools_is_in_the_catalogue_and_has_a_reference():
    theirs = {
        name
        for name, value in vars(braintools.surrogate).items()
        if inspect.isclass(value) and issubclass(value, braintools.surrogate.Surrogate)
    } - {"Surrogate"}
    assert set(CATALOGUE) == theirs == set(REFERENCE) == set(FUNCTIONS)
    assert len(CATALOGUE) == 18


def test_a_new_subclass_is_found_unless_it_is_private():
    fresh = type("FreshSurrogate", (Surrogate,), {"__doc__": "A new one."})
    hidden = type("_HiddenSurrogate", (Surrogate,), {})
    assert catalogue()["FreshSurrogate"] is fresh
    assert hidden not in catalogue().values()
    fresh.__name__ = "_Fresh"  # other tests shall not meet it
    assert "_Fresh" not in catalogue()


@ALL
def test_a_surrogate_is_found_by_its_name(cls):
    assert by_name(cls.__name__) is cls


def test_aliases_are_found():
    assert by_name("ATan") is surrogates.ATan is surrogates.Arctan
    assert by_name("SigmoidGrad") is surrogates.SigmoidGrad is surrogates.Sigmoid


@pytest.mark.parametrize(("name", "nearest"), [("Sigmod", "Sigmoid"), ("ATam", "ATan")])
def test_an_unknown_name_is_answered_with_the_nearest(name, nearest):
    with pytest.raises(ParameterError, match=f"no surrogate '{name}'.*did you mean '{nearest}'"):
        by_name(name)


@ALL
def test_what_a_surrogate_says_about_itself_is_complete(cls):
    assert cls.summary.endswith(".")
    assert cls.source.year > 1990
    assert cls.source.authors in cls.__doc__
    assert cls.formula in cls.__doc__
    assert cls.formula.startswith("g(x) = ")
    assert cls.formula.count("{") == cls.formula.count("}")
    assert cls.source.doi == "" or re.fullmatch(r"10\.\d{4,5}/\S+", cls.source.doi)
    for name, spec in cls.parameters().items():
        assert spec.name == name
        assert spec.meaning.endswith(".")
        assert spec.soft[0] <= spec.default_number <= spec.soft[1]
        assert spec.hard.contains(spec.soft[0])
        assert spec.hard.contains(spec.soft[1])
        assert spec.unit_text == ""
        assert f":math:`{spec.symbol}`" in cls.__doc__


@ALL
def test_every_symbol_of_a_parameter_stands_in_the_formula(cls):
    for name, spec in cls.parameters().items():
        if (cls, name) == (S2NN, "epsilon"):  # shapes the curve only
            continue
        assert re.search(rf"(?<![A-Za-z\\]){re.escape(spec.symbol)}(?![A-Za-z])", cls.formula)


@ALL
def test_a_formula_becomes_mathml(cls):
    latex2mathml = pytest.importorskip("latex2mathml.converter")
    assert latex2mathml.convert(cls.formula).startswith("<math")


@ALL
def test_arguments_and_defaults_are_those_of_braintools(cls):
    theirs = inspect.signature(getattr(braintools.surrogate, cls.__name__)).parameters
    ours = inspect.signature(cls).parameters
    assert list(ours) == list(theirs)
    assert {n: float(p.default) for n, p in ours.items()} == {
        n: float(p.default) for n, p in theirs.items()
    }
    assert isinstance(cls(), getattr(braintools.surrogate, cls.__name__))


# ---------------------------------------------------------------- forward


STEP = {-np.inf: 0, -3.0: 0, -1e-6: 0, 0.0: 1, 1e-6: 1, 2.0: 1, np.inf: 1, np.nan: 0}


@ALL
def test_forward_is_an_exact_step(cls):
    spike = cls()(np.array([*STEP, -0.0], np.float32))
    assert spike.dtype == jnp.float32
    assert spike.tolist() == [*STEP.values(), 1]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_forward_is_an_exact_step_in_half_precision_too(dtype):
    spike = ReluGrad()(jnp.asarray(list(STEP), dtype=dtype))
    assert spike.dtype == jnp.dtype(dtype)
    assert spike.tolist() == list(STEP.values())


@ALL
def test_double_precision_stays_double(cls):
    with jax.enable_x64(True):
        x = jnp.asarray([-0.5, 0.5], dtype=jnp.float64)
        assert cls()(x).dtype == jnp.float64
        assert cls().pseudo_derivative(x).dtype == np.float64
        np.testing.assert_allclose(
            cls().pseudo_derivative(x), reference(cls, x, defaults(cls)), rtol=1e-9
        )


@ALL
def test_integers_are_cast_to_the_default_float(cls):
    spike = cls()(np.array([-1, 0, 2]))
    assert spike.dtype == jnp.float32
    assert spike.tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("given", "expected"),
    [(np.array([False, True]), [1, 1]), (-1, 0), (0.5, 1), ([-0.5, 1], [0, 1])],
)
def test_booleans_lists_and_plain_numbers_are_cast_to_the_default_float(given, expected):
    spike = Sigmoid()(given)
    assert spike.dtype == jnp.float32
    assert spike.tolist() == expected


@ALL
def test_a_dimensionless_quantity_is_accepted_in_any_scale(cls):
    half = u.Quantity(500.0, unit=u.mV / u.volt)  # kept as 500 in units of 10^-3
    out = cls()(u.Quantity(np.array([-1.0, 500.0]), unit=u.mV / u.volt))
    assert isinstance(out, jax.Array)
    assert out.tolist() == [0, 1]
    np.testing.assert_allclose(
        cls().pseudo_derivative(half), cls().pseudo_derivative(0.5), rtol=1e-5
    )


@ALL
@pytest.mark.parametrize("method", ["__call__", "curve", "pseudo_derivative"])
def test_a_quantity_with_a_dimension_is_refused(cls, method):
    with pytest.raises(
        ParameterError, match=f"{cls.__name__} must be given a plain number, got a potential"
    ):
        getattr(cls(), method)(1.0 * u.mV)


def test_complex_numbers_are_refused():
    with pytest.raises(ParameterError, match="real numbers"):
        ReluGrad()(1j)


# ---------------------------------------------------------------- the pseudo-derivative


@ALL
@pytest.mark.parametrize("case", [0, 1, 2])
def test_the_pseudo_derivative_is_the_formula(cls, case):
    given = settings(cls)[case]
    expected = reference(cls, X, given)
    np.testing.assert_allclose(
        cls(**given).pseudo_derivative(X), expected, rtol=2e-4, atol=2e-6 * abs(expected).max()
    )


@ALL
@pytest.mark.parametrize("case", [0, 1])
def test_the_function_of_braintools_has_the_same_value_and_gradient(cls, case):
    given = settings(cls)[case]
    theirs = getattr(braintools.surrogate, FUNCTIONS[cls.__name__])
    spike, slope = jax.jit(jax.vmap(jax.value_and_grad(lambda x: theirs(x, **given))))(X)
    ours = cls(**given)
    np.testing.assert_array_equal(ours(X), spike)
    np.testing.assert_allclose(ours.pseudo_derivative(X), slope, rtol=1e-5, atol=1e-7)


@ALL
def test_forward_mode_reverse_mode_and_vmap_agree(cls):
    spike = cls()
    forward = jax.jvp(spike, (X,), (np.ones_like(X),))[1]
    batched = jax.jit(jax.vmap(jax.grad(spike)))(X)
    np.testing.assert_allclose(forward, spike.pseudo_derivative(X), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(batched, forward, rtol=1e-5, atol=1e-7)


@ALL
def test_the_second_derivative_is_the_slope_of_the_formula(cls):
    given = defaults(cls)
    x, h = np.array([-1.3, -0.2, 0.15, 0.52, 1.7]), 1e-5
    expected = (reference(cls, x + h, given) - reference(cls, x - h, given)) / (2 * h)
    second = jax.jit(jax.vmap(jax.grad(jax.grad(cls()))))(x.astype(np.float32))
    np.testing.assert_allclose(second, expected, rtol=2e-3, atol=1e-5)


@ALL
def test_the_gradient_stays_in_the_dtype_of_the_input(cls):
    alpha = {name: np.float32(spec.default_number) for name, spec in cls.parameters().items()}
    x = jnp.asarray([-0.5, 0.5], dtype=jnp.float16)
    slope = cls(**alpha).pseudo_derivative(x)
    assert slope.dtype == np.float16
    np.testing.assert_allclose(slope, reference(cls, x, defaults(cls)), rtol=2e-2, atol=1e-3)


@ALL
def test_the_shape_is_kept(cls):
    spike, x = cls(), X[:10].reshape(2, 5)
    for answer in (spike(x), spike.pseudo_derivative(x), spike.curve(x)):
        assert answer.shape == (2, 5)


@pytest.mark.parametrize("name", ["Sigmoid", "ReluGrad"])  # one with a closed form, one without
@pytest.mark.parametrize("shape", [(), (0,)])
def test_a_single_number_and_no_number_at_all_are_fine(name, shape):
    spike, x = by_name(name)(), np.zeros(shape, np.float32)
    assert spike(x).shape == spike.pseudo_derivative(x).shape == spike.curve(x).shape == shape


# ---------------------------------------------------------------- traced shape parameters


def build(cls, values):
    return cls(**dict(zip(cls.parameters(), values, strict=True)))


@ALL
def test_shape_parameters_may_be_traced_and_moving_them_compiles_nothing(cls):
    traces = []

    @jax.jit
    def slope(values, x):
        traces.append(1)
        return jax.vjp(build(cls, values), x)[1](jnp.ones_like(x))[0]

    for given in settings(cls):
        given = {n: v for n, v in given.items() if n in cls.parameters()}
        values = [np.float32(v) for v in given.values()]
        np.testing.assert_allclose(
            slope(values, X), cls(**given).pseudo_derivative(X), rtol=1e-4, atol=1e-6
        )
    assert len(traces) == 1


@ALL
def test_gradients_with_respect_to_shape_parameters_are_exactly_zero(cls):
    values = [jnp.float32(spec.default_number) for spec in cls.parameters().values()]

    def total(values, x):
        return (build(cls, values)(x) * jnp.arange(1.0, X.size + 1)).sum()

    by_shape, by_input = jax.jit(jax.grad(total, argnums=(0, 1)))(values, jnp.asarray(X))
    assert [float(g) for g in by_shape] == [0.0] * len(values)
    assert np.any(np.asarray(by_input) != 0)
    tangents = [jnp.float32(1.0)] * len(values)
    assert float(jax.jvp(lambda v: total(v, X), (values,), (tangents,))[1]) == 0.0


@ALL
def test_shape_parameters_can_be_swept_by_vmap(cls):
    values = [np.float32([spec.default_number] * 2) for spec in cls.parameters().values()]
    values[0] = values[0] * np.float32([1.0, 1.5])
    slope = jax.grad(lambda x, v: build(cls, v)(x).sum())
    swept = jax.jit(jax.vmap(lambda v: slope(jnp.asarray(X), v)))(values)
    for row in range(2):
        alone = build(cls, [float(v[row]) for v in values])
        np.testing.assert_allclose(swept[row], alone.pseudo_derivative(X), rtol=1e-4, atol=1e-6)


def test_one_value_per_neuron_is_kept_apart():
    alpha = np.array([0.1, 0.4], np.float32)
    slope = ReluGrad(alpha=alpha).pseudo_derivative(np.zeros((3, 2), np.float32))
    np.testing.assert_allclose(slope, np.broadcast_to(alpha, (3, 2)))


def test_parameters_that_would_enlarge_the_input_are_refused():
    with pytest.raises(ParameterError, match=r"fit the shape \(\) of its input"):
        ReluGrad(alpha=np.array([0.1, 0.4]))(0.5)


# ---------------------------------------------------------------- the curve


WITHOUT_CLOSED_FORM = {
    "ReluGrad",
    "GaussianGrad",
    "MultiGaussianGrad",
    "InvSquareGrad",
    "SlayerGrad",
}


@ALL
def test_a_curve_says_where_it_comes_from(cls):
    integral = cls.__name__ in WITHOUT_CLOSED_FORM
    assert cls().curve_origin == ("integral" if integral else "closed form")


@ALL
@pytest.mark.parametrize("case", [0, 1, 2])
def test_the_pseudo_derivative_is_the_slope_of_the_curve(cls, case):
    given = settings(cls)[case]
    points = np.array([-2.0, -0.7, -0.05, 0.0, 0.04, 0.6, 2.0], np.float32)
    curve = cls(**given).curve(points)
    steps = [
        sum(  # split where slopes have their kinks and narrow peaks
            integrate.quad(lambda x: float(reference(cls, x, given)), a, b, limit=200)[0]
            for a, b in pairwise(knots)
        )
        for knots in (
            np.unique(np.clip([low, high, *kinks(given)], low, high))
            for low, high in pairwise(points)
        )
    ]
    np.testing.assert_allclose(np.diff(curve), steps, rtol=2e-3, atol=1e-5 * abs(curve).max())


def kinks(given):
    sizes = [v for v in given.values() if v > 1e-6]
    return [s * k for v in sizes for k in (v, 1 / v) for s in (-1, 1)] + [0.0, 1.0]


@pytest.mark.parametrize("name", sorted(WITHOUT_CLOSED_FORM))
def test_an_integrated_curve_is_one_half_at_the_threshold_and_does_not_depend_on_the_grid(name):
    surrogate = by_name(name)()
    grid = np.array([[2.0, -1.0], [0.0, 0.3]], np.float32)
    curve = surrogate.curve(grid)
    assert curve[1, 0] == 0.5
    for place in np.ndindex(2, 2):
        np.testing.assert_allclose(surrogate.curve(grid[place]), curve[place], atol=1e-5)


def test_a_triangle_integrates_to_its_area():
    curve = ReluGrad(alpha=0.3, width=1.5).curve([-9.0, 9.0])
    np.testing.assert_allclose(np.diff(curve), 0.3 * 1.5**2, rtol=1e-4)


# ---------------------------------------------------------------- as a Python object


@ALL
def test_pickled_copied_and_written_surrogates_are_equal_to_the_first(cls):
    first = cls(**drawn(cls, 3))
    again = eval(repr(first), dict(CATALOGUE))
    for other in (pickle.loads(pickle.dumps(first)), copy.copy(first), copy.deepcopy(first), again):
        assert other == first
        assert hash(other) == hash(first)
        assert type(other) is cls
        np.testing.assert_array_equal(other.pseudo_derivative(X), first.pseudo_derivative(X))
    assert first != cls(**drawn(cls, 4))


@ALL
def test_a_surrogate_can_be_a_default_argument_and_a_static_argument(cls):
    traces = []

    def neuron(distance, spk_fun=cls()):  # noqa: B008
        traces.append(1)
        return spk_fun(distance)

    compiled = jax.jit(neuron, static_argnames="spk_fun")
    assert compiled(X, spk_fun=cls()).tolist() == compiled(X, spk_fun=cls()).tolist()
    assert len(traces) == 1
    assert compiled(X).tolist() == (X >= 0).tolist()


def test_surrogates_of_different_classes_differ():
    assert surrogates.SoftSign() != surrogates.PiecewiseExp()


def test_array_parameters_are_compared_by_value():
    assert ReluGrad(np.array([0.1, 0.2])) == ReluGrad(np.array([0.1, 0.2]))
    assert ReluGrad(np.array([0.1, 0.2])) != ReluGrad(np.array([0.1, 0.3]))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: ReluGrad(alpha=-1.0), "ReluGrad.alpha must be at least 0, got -1"),
        (lambda: ReluGrad(width=0.0), "ReluGrad.width must be above 0, got 0"),
        (lambda: Sigmoid(float("nan")), "Sigmoid.alpha must be a finite number, got nan"),
        (lambda: Sigmoid(1.0 * u.mV), "Sigmoid.alpha must be a plain number, got 1 mV"),
        (lambda: Sigmoid("4"), "Sigmoid.alpha must be a plain number, got '4'"),
        (lambda: Sigmoid(None), "Sigmoid.alpha must be a plain number, got None"),
        (lambda: Sigmoid(abs), "Sigmoid.alpha must be a plain number, got a function"),
        (lambda: Sigmoid(alhpa=1.0), "no parameter 'alhpa' in Sigmoid; did you mean 'alpha'"),
        (lambda: SquarewaveFourierSeries(n=0), "SquarewaveFourierSeries.n must be one of '1'"),
        (lambda: SquarewaveFourierSeries(n=2.5), "SquarewaveFourierSeries.n must be one of '1'"),
    ],
)
def test_a_bad_shape_parameter_is_refused_where_it_is_given(make, sentence):
    with pytest.raises(ParameterError, match=re.escape(sentence)):
        make()


def test_a_dimensionless_shape_parameter_is_stored_as_a_plain_number():
    given = Sigmoid(alpha=u.Quantity(2000.0, unit=u.mV / u.volt))
    assert not isinstance(given.alpha, u.Quantity)
    np.testing.assert_allclose(given.pseudo_derivative(X), Sigmoid(2.0).pseudo_derivative(X))


def test_the_number_of_fourier_terms_is_a_word_and_may_be_given_as_an_integer():
    assert SquarewaveFourierSeries(n=3) == SquarewaveFourierSeries(n="3")
    assert SquarewaveFourierSeries(3).n == "3"
    assert list(SquarewaveFourierSeries.parameters()) == ["t_period"]


def test_a_surrogate_of_ones_own_needs_only_its_slope():
    class _Box(Surrogate):
        """A box."""

        width = ParameterSpec(1.0, "w", "Its half-width.", soft=(0.1, 2))

        def surrogate_grad(self, x):
            return jnp.where(jnp.abs(x) <= self.width, 1 / (2 * self.width), 0.0)

    assert _Box(width=2.0).pseudo_derivative([-1.9, 0.0, 2.1]).tolist() == [0.25, 0.25, 0.0]
    assert _Box.summary == "A box."


def test_the_examples_in_the_docstrings_run():
    result = doctest.testmod(surrogates)
    assert result.attempted > 5
    assert result.failed == 0
