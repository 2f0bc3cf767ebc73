"""Every argument of every model: what cannot be used is refused in a sentence that names it."""

import brainstate
import numpy as np
import pytest
import saiunit as u

from engine import IF, LIF, Experiment, ParameterError, catalog, surrogates
from engine.boundary import attach
from engine.specs import ChoiceSpec, FlagSpec, InitialSpec, ParameterSpec, SlotSpec

NEURONS, SYNAPSES = catalog.neurons(), catalog.synapses()
MODELS = NEURONS | SYNAPSES
EACH_MODEL = pytest.mark.parametrize("cls", MODELS.values(), ids=MODELS)
EACH_NEURON = pytest.mark.parametrize("cls", NEURONS.values(), ids=NEURONS)
ARGUMENTS = [
    pytest.param(cls, name, id=f"{model}.{name}")
    for model, cls in MODELS.items()
    for name, spec in cls.arguments().items()
    if isinstance(spec, ParameterSpec)
]
EACH_PARAMETER = pytest.mark.parametrize(("cls", "name"), ARGUMENTS)


def wrong_unit(spec):
    return u.mV if spec.unit.dim == u.ms.dim else u.ms


def unusable(spec):
    """Give what a parameter cannot be, whatever it means, with a word of the reason."""
    number = spec.default_number if isinstance(spec.default, u.Quantity | float) else 1.0
    yield attach(float("nan"), spec.unit), "finite"
    yield attach(float("inf"), spec.unit), "finite"
    yield attach(-float("inf"), spec.unit), "finite"
    yield attach(np.array([number, float("nan")]), spec.unit), "finite"
    yield attach(np.full(3, number), spec.unit), "fit|shape"
    yield attach(np.full((2, 2), number), spec.unit), "fit|shape"
    yield attach(np.array([]), spec.unit), "fit|shape"
    yield "20 ms", "must be"
    yield True, "must be"
    yield {"a": 1}, "must be"
    yield object(), "must be"
    if not getattr(spec, "any_unit", False):
        yield number * wrong_unit(spec), "must be"
        if not spec.unit.is_unitless:
            yield number, "must be"
    if not (isinstance(spec, InitialSpec) and spec.default is None):
        yield None, "must be"
    if spec.hard.low == 0.0:
        yield attach(-1.0, spec.unit), "above 0|at least 0|between"
    if spec.hard.open_low:
        yield attach(spec.hard.low, spec.unit), "above"
    if np.isfinite(spec.hard.high):
        yield attach(spec.hard.high + 1.0, spec.unit), "at most|between"


@EACH_PARAMETER
def test_a_value_that_cannot_be_used_is_refused(cls, name):
    for value, words in unusable(cls.parameters()[name]):
        with pytest.raises(ParameterError, match=words) as caught:
            cls(2, **{name: value}).init_state()
        sentence = str(caught.value)
        assert caught.value.path == f"{cls.__name__}.{name}", value
        assert sentence.startswith(f"{cls.__name__}.{name} "), value
        assert "\n" not in sentence
        assert len(sentence) < 200


@EACH_PARAMETER
def test_an_initializer_that_gives_what_cannot_be_used_is_refused(cls, name):
    spec = cls.parameters()[name]
    given = {
        "nan": lambda shape: attach(np.full(shape, np.nan), spec.unit),
        "shape": lambda shape: attach(np.ones(5), spec.unit),
        "text": lambda shape: "text",
        "nothing": lambda shape: None,
    }
    for case, initializer in given.items():
        with pytest.raises(ParameterError) as caught:
            cls(2, **{name: initializer}).init_state()
        assert caught.value.path == f"{cls.__name__}.{name}", case
        assert "\n" not in str(caught.value)


@EACH_MODEL
@pytest.mark.parametrize("in_size", [0, -1, 2.5, "3", None, True, (), (2, 0), [1.5]])
def test_a_population_of_no_size_is_refused(cls, in_size):
    with pytest.raises(ParameterError, match=f"^{cls.__name__}.in_size must be a positive whole"):
        cls(in_size)


@EACH_MODEL
def test_a_choice_that_is_none_is_refused(cls):
    for name in (n for n, s in cls.arguments().items() if isinstance(s, ChoiceSpec)):
        for value in ("Soft", "", None, 1, True, ["soft"]):
            with pytest.raises(ParameterError, match=f"^{cls.__name__}.{name} must be one of"):
                cls(2, **{name: value})


@EACH_NEURON
def test_a_surrogate_that_cannot_be_called_is_refused(cls):
    for name in (n for n, s in cls.arguments().items() if isinstance(s, SlotSpec)):
        for value in (None, "ReluGrad", 1.0, True):
            with pytest.raises(ParameterError, match=f"^{cls.__name__}.{name} must be a surrogate"):
                cls(2, **{name: value})
        with pytest.raises(ParameterError, match=r"got the class Sigmoid; write Sigmoid\(\)"):
            cls(2, **{name: surrogates.Sigmoid})
        cls(2, **{name: lambda x: x})


@EACH_NEURON
def test_a_flag_that_is_neither_yes_nor_no_is_refused(cls):
    for name in (n for n, s in cls.arguments().items() if isinstance(s, FlagSpec)):
        for value in ("yes", None, 2):
            with pytest.raises(ParameterError, match=f"^{cls.__name__}.{name} must be True or"):
                cls(2, **{name: value})


@EACH_MODEL
def test_a_step_without_states_or_without_a_time_step_says_what_to_do(cls):
    with (
        brainstate.environ.context(dt=0.1 * u.ms, t=0 * u.ms),
        pytest.raises(AttributeError, match=r"call init_state\(\) first"),
    ):
        cls(2)()
    model = cls(2)
    model.init_state()
    with pytest.raises(ParameterError, match="has no time step: run it inside"):
        model()
    for state in cls.states():
        with pytest.raises(AttributeError, match=f"{cls.__name__} has no state '{state}' yet"):
            getattr(cls(2), state)


@EACH_NEURON
def test_an_input_of_another_dimension_or_shape_is_refused(cls):
    model = cls(2)
    model.init_state()
    with brainstate.environ.context(dt=0.1 * u.ms, t=0 * u.ms):
        for x, words in [
            (1.0 * wrong_unit(cls.input), "the input of .* must be"),
            (attach(np.ones(3), cls.input.unit), "the input of .* has shape"),
        ]:
            with pytest.raises(ParameterError, match=words) as caught:
                model(x)
            assert caught.value.path == f"{cls.__name__}.x"


@EACH_MODEL
def test_a_refusal_shows_the_name_of_a_subclass(cls):
    other = type("_Other", (cls,), {})
    name = next(iter(cls.parameters()))
    with pytest.raises(ParameterError, match=f"^_Other.{name} must be"):
        other(2, **{name: "text"})


def test_a_threshold_at_zero_is_refused_where_the_reset_is_at_zero():
    """It would spike at rest for ever, and the soft reset would subtract nothing."""
    for V_th in (0.0 * u.mV, np.array([1.0, 0.0]) * u.mV, np.array([-1.0, 0.0, 2.0]) * u.mV):
        with pytest.raises(ParameterError, match=r"IF.V_th must be any finite number but 0 mV"):
            IF(V_th.size, V_th=V_th)
    with pytest.raises(ParameterError, match=r"V_th must be any finite number but 0 mV"):
        Experiment(IF).set("V_th", 0)
    with pytest.raises(ParameterError, match=r"LIF.V_reset must be below LIF.V_th"):
        LIF(2, V_th=0 * u.mV)
    assert LIF(2, V_th=0 * u.mV, V_reset=-50 * u.mV).V_th == 0 * u.mV
