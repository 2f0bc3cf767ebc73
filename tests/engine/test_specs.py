"""Declarations: what a class gets from them, and what they refuse."""

import inspect
import math

import brainpy.state
import brainstate
import braintools
import numpy as np
import pytest
import saiunit as u
from hypothesis import given
from hypothesis import strategies as st

from engine import ALIF, HH, IF, LIF, Expon, IzhikevichRef, LIFRef, Neuron, Synapse, catalog
from engine.errors import ParameterError
from engine.specs import (
    FREE,
    NON_NEGATIVE,
    POSITIVE,
    PROBABILITY,
    ChoiceSpec,
    Component,
    InitialSpec,
    InputSpec,
    Interval,
    ParameterSpec,
    StateSpec,
)

MODELS = catalog.neurons() | catalog.synapses()
PUBLISHED = {n: c for n, c in MODELS.items() if hasattr(brainpy.state, n)}
EACH = pytest.mark.parametrize("cls", MODELS.values(), ids=MODELS.keys())
EACH_PUBLISHED = pytest.mark.parametrize("name", PUBLISHED)


def refused(build):
    """Give the sentence with which something is refused."""
    with pytest.raises(ParameterError) as error:
        build()
    return str(error.value)


def published_signature(name):
    signature = inspect.signature(getattr(brainpy.state, name).__init__)
    return signature.replace(parameters=list(signature.parameters.values())[1:])


# ---------------------------------------------------------------- constructors


@EACH_PUBLISHED
def test_the_constructor_takes_the_arguments_of_the_reference_in_its_order(name):
    ours = inspect.signature(PUBLISHED[name])
    theirs = published_signature(name)
    assert list(ours.parameters) == list(theirs.parameters)


@EACH_PUBLISHED
def test_a_default_is_the_one_of_the_reference(name):
    # HH: the textbook's leak, ten times the reference's
    deviations = {("HH", "gL")}
    ours = inspect.signature(PUBLISHED[name]).parameters
    for argument, theirs in published_signature(name).parameters.items():
        if argument in ("in_size", "name", "spk_fun") or (name, argument) in deviations:
            continue
        expected, found = theirs.default, ours[argument].default
        if isinstance(expected, braintools.init.Constant):
            expected = expected.value
        if callable(expected) or expected is None or isinstance(expected, str | bool):
            assert isinstance(found, type(expected)), argument
            continue
        assert u.get_dim(found) == u.get_dim(expected), argument
        assert u.math.allclose(found, expected), argument


@EACH
def test_a_model_is_built_from_its_declaration_alone(cls):
    model = cls(3)
    assert model.varshape == (3,)
    for name, spec in cls.parameters().items():
        value = getattr(model, name)
        if not callable(value) and value is not None:
            assert u.math.allclose(value, spec.default), name


@EACH
def test_a_declaration_is_complete(cls):
    for name, spec in cls.parameters().items():
        assert spec.name == name
        assert spec.symbol
        assert spec.meaning
        assert spec.soft[0] < spec.soft[1]
        assert all(spec.hard.contains(end) for end in spec.soft)
        if not callable(spec.default) and spec.default is not None:
            assert spec.soft[0] <= spec.default_number <= spec.soft[1], name
        if spec.scale == "log":
            assert spec.soft[0] > 0
    for name, spec in cls.states().items():
        assert spec.name == name
        assert spec.symbol
        assert spec.meaning
        assert spec.start is not None or f"{name}_initializer" in cls.parameters()


def test_a_start_that_is_drawn_or_worked_out_takes_values_in_the_unit_of_its_declaration():
    neuron = HH(2, V_initializer=-60 * u.mV, m_initializer=0.1)
    neuron.init_state()
    assert u.math.allclose(neuron.V.value, -60 * u.mV)
    assert u.math.allclose(neuron.h.value, neuron.h_inf(-60 * u.mV))
    assert neuron.m.value.tolist() == pytest.approx([0.1, 0.1])
    with pytest.raises(ParameterError, match=r"HH.V_initializer must be a potential, got 1 ms"):
        HH(2, V_initializer=1 * u.ms)


def test_a_flag_is_an_argument_of_the_refractory_models_but_of_the_first():
    assert "ref_var" not in inspect.signature(LIFRef).parameters
    neuron = IzhikevichRef(2, ref_var=True)
    neuron.init_state(3)
    assert (neuron.refractory.value.shape, neuron.refractory.value.dtype) == ((3, 2), bool)
    neuron.refractory.value = ~neuron.refractory.value
    neuron.reset_state()
    assert not neuron.refractory.value.any()


def test_a_signature_shows_the_defaults():
    parameters = inspect.signature(LIF).parameters
    assert parameters["spk_reset"].default == "soft"
    assert parameters["tau"].default == 5 * u.ms
    assert parameters["in_size"].default is inspect.Parameter.empty


def test_a_declaration_is_read_on_the_class_and_the_value_on_the_instance():
    assert isinstance(LIF.tau, ParameterSpec)
    assert LIF(1, tau=7 * u.ms).tau == 7 * u.ms


def test_positional_arguments_go_to_the_declared_places():
    neuron = LIFRef(2, 3 * u.ohm, 7 * u.ms, 2 * u.ms, 4 * u.mV)
    assert (neuron.R, neuron.tau, neuron.tau_ref) == (3 * u.ohm, 7 * u.ms, 2 * u.ms)
    assert neuron.V_th == 4 * u.mV
    synapse = Expon(2, "mine", 3 * u.ms)
    assert (synapse.name, synapse.tau) == ("mine", 3 * u.ms)


def test_two_neurons_do_not_share_a_surrogate_gradient():
    own = braintools.surrogate.Sigmoid()
    assert LIF(1, spk_fun=own).spk_fun is own
    assert LIF(1).spk_fun is not own


def test_an_unknown_argument_is_answered_with_the_nearest():
    assert refused(lambda: LIF(1, taw=5 * u.ms)) == (
        "no parameter 'taw' in LIF; did you mean 'tau'?"
    )


def test_an_argument_without_likeness_is_answered_with_all_there_are():
    sentence = refused(lambda: LIF(1, qqq=5))
    assert sentence.startswith("no parameter 'qqq' in LIF; known: R, tau, V_th")


def test_a_missing_or_doubled_argument_names_the_model():
    with pytest.raises(TypeError, match="LIF: missing a required argument: 'in_size'"):
        LIF()
    with pytest.raises(TypeError, match="LIF: multiple values for argument 'in_size'"):
        LIF(3, in_size=3)


# ---------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: LIF(1, tau=10 * u.mV), "LIF.tau must be a time, got 10 mV"),
        (
            lambda: LIF(1, tau=10),
            "LIF.tau must be a time, got the plain number 10; write 10 * u.ms",
        ),
        (lambda: LIF(1, R=1 * u.mA), "LIF.R must be a resistance, got 1 mA"),
        (lambda: LIF(1, V_th=1 * u.mA), "LIF.V_th must be a potential, got 1 mA"),
        (lambda: LIF(1, tau=[1, 2] * u.mV), "LIF.tau must be a time, got an array mV"),
        (lambda: LIF(1, tau=-5 * u.ms), "LIF.tau must be above 0 ms, got -5 ms"),
        (lambda: LIF(1, tau=0 * u.ms), "LIF.tau must be above 0 ms, got 0 ms"),
        (lambda: LIFRef(1, tau_ref=-1 * u.ms), "LIFRef.tau_ref must be at least 0 ms, got -1 ms"),
        (lambda: LIF(1, tau=math.nan * u.ms), "LIF.tau must be a finite number, got nan"),
        (lambda: LIF(1, V_rest=math.inf * u.mV), "LIF.V_rest must be a finite number, got inf"),
        (lambda: LIF(2, tau=[5, -1] * u.ms), "LIF.tau must be above 0 ms, got -1 ms"),
        (lambda: LIF(2, tau=[5, math.nan] * u.ms), "LIF.tau must be a finite number, got nan"),
        (lambda: LIF(1, tau=None), "LIF.tau must be a time, got None"),
        (lambda: LIF(1, tau="5 ms"), "LIF.tau must be a time, got '5 ms'"),
        (lambda: LIF(1, spk_reset="no"), "LIF.spk_reset must be one of 'soft', 'hard', got 'no'"),
        (lambda: LIF(1, V_initializer=1 * u.mA), "LIF.V_initializer must be a potential, got 1 mA"),
        (
            lambda: LIF(1, V_reset=2 * u.mV),
            "LIF.V_reset must be below LIF.V_th, got 2 mV and 1 mV",
        ),
        (
            lambda: LIF(1, V_reset=1 * u.mV),
            "LIF.V_reset must be below LIF.V_th, got 1 mV and 1 mV",
        ),
        (
            lambda: LIF(3, tau=[1, 2] * u.ms),
            "LIF.tau must be a single value or fit the population (3,), got shape (2,)",
        ),
        (
            lambda: LIF(1, tau=[1, 2, 3] * u.ms),
            "LIF.tau must be a single value or fit the population (1,), got shape (3,)",
        ),
        (
            lambda: Expon(1, g_initializer="abc"),
            "Expon.g_initializer must be a conductance, got 'abc'",
        ),
        (
            lambda: Expon(1, g_initializer=math.nan * u.mS),
            "Expon.g_initializer must be a finite number, got nan",
        ),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_at_construction(build, sentence):
    assert refused(build) == sentence


def test_a_refusal_is_a_value_error_that_knows_its_path():
    with pytest.raises(ValueError, match="must be") as error:
        LIF(1, tau=-5 * u.ms)
    assert error.value.path == "LIF.tau"


@pytest.mark.parametrize("in_size", [0, -3, (), (3, 0), 2.0, (3, 4.5), True, "3", None, (True,)])
def test_a_population_needs_a_positive_whole_size(in_size):
    assert refused(lambda: LIF(in_size)) == (
        f"LIF.in_size must be a positive whole number or a tuple of such, got {in_size!r}"
    )


@pytest.mark.parametrize(
    ("in_size", "shape"), [(3, (3,)), ((2, 3), (2, 3)), ([2, 3], (2, 3)), (np.int64(4), (4,))]
)
def test_a_size_is_a_number_or_a_shape(in_size, shape):
    neuron = LIF(in_size)
    assert neuron.varshape == neuron.in_size == neuron.out_size == shape
    assert all(type(n) is int for n in neuron.varshape)


@pytest.mark.parametrize("tau", [5, 5.0, np.float32(5), np.int32(5), [5, 5], np.array([5.0, 5.0])])
def test_integers_and_arrays_are_taken_as_numbers(tau, clock):
    neuron = LIF(2, tau=tau * u.ms)
    neuron.init_state()
    neuron(0.5 * u.mA)
    expected = 0.5 * (1 - math.exp(-0.1 / 5))
    assert neuron.V.value.to_decimal(u.mV) == pytest.approx([expected] * 2, rel=1e-5)
    assert neuron.V.value.dtype == np.float32


@pytest.mark.parametrize("beta", [[0.1 * u.mV, 0.2 * u.mV], (0.1 * u.mV, 0.2 * u.mV)])
def test_a_list_of_quantities_is_one_value_per_neuron(beta):
    assert u.math.allclose(ALIF(2, beta=beta).beta, np.array([0.1, 0.2]) * u.mV)


def test_a_plain_list_is_taken_where_there_is_no_unit():
    neuron = ALIF(3, a_initializer=[1, 2, 3])
    neuron.init_state()
    assert neuron.a.value.tolist() == [1.0, 2.0, 3.0]
    assert neuron.a.value.dtype == np.float32


def test_another_scale_of_the_same_unit_is_the_same_value(clock):
    a, b = LIF(1, tau=5 * u.ms, R=1 * u.ohm), LIF(1, tau=0.005 * u.second, R=1e-3 * u.kohm)
    for neuron in (a, b):
        neuron.init_state()
        neuron(0.7 * u.mA)
    assert u.math.allclose(a.V.value, b.V.value)


def test_an_initializer_gives_one_value_per_neuron(clock):
    neuron = LIF(50, tau=braintools.init.Uniform(5 * u.ms, 10 * u.ms))
    drawn = neuron.tau.to_decimal(u.ms)
    assert drawn.shape == (50,)
    assert 5 <= drawn.min() < drawn.max() <= 10
    neuron.init_state()
    assert neuron(1 * u.mA).shape == (50,)


def test_what_an_initializer_gives_is_checked():
    build = lambda: LIF(3, tau=lambda shape: np.full(shape, -1.0) * u.ms)  # noqa: E731
    assert refused(build) == "LIF.tau must be above 0 ms, got -1 ms"


@given(st.floats(-10, 10), st.floats(-10, 10))
def test_the_order_of_two_potentials_is_kept_or_refused(low, high):
    low, high = float(np.float32(low)), float(np.float32(high))
    try:
        LIF(1, V_reset=low * u.mV, V_th=high * u.mV)
    except ParameterError as error:
        assert low >= high
        assert error.path == "LIF.V_reset"  # noqa: PT017
    else:
        assert low < high


def test_the_order_is_checked_for_every_neuron():
    with pytest.raises(ParameterError, match=r"LIF.V_reset must be below LIF.V_th"):
        LIF(2, V_th=[1, -1] * u.mV)
    LIF(2, V_th=[1, 0.5] * u.mV)


# ---------------------------------------------------------------- start values


@pytest.mark.parametrize(
    "start",
    [
        0.5 * u.mV,
        500.0 * u.volt * 1e-6,
        np.array([0.5, 0.5, 0.5]) * u.mV,
        braintools.init.Constant(0.5 * u.mV),
        lambda shape: np.full(shape, 0.5) * u.mV,
    ],
    ids=["quantity", "other scale", "array", "initializer", "function"],
)
@pytest.mark.parametrize("batch", [None, 2])
def test_a_start_value_may_be_a_quantity_an_array_or_an_initializer(start, batch):
    neuron = LIF(3, V_initializer=start)
    neuron.init_state(batch)
    assert neuron.V.value.shape == ((3,) if batch is None else (2, 3))
    assert np.allclose(neuron.V.value.to_decimal(u.mV), 0.5)
    assert neuron.V.value.dtype == np.float32


def test_an_initializer_is_called_with_the_whole_shape():
    seen = []
    neuron = LIF((2, 3), V_initializer=lambda shape: seen.append(shape) or np.zeros(shape) * u.mV)
    neuron.init_state(4)
    assert seen == [(4, 2, 3)]


def test_a_random_start_follows_the_given_generator():
    def start(seed):
        neuron = LIF(5, V_initializer=braintools.init.Uniform(-1 * u.mV, 0 * u.mV))
        neuron.init_state(rng=brainstate.random.RandomState(seed))
        return neuron.V.value.to_decimal(u.mV)

    assert np.array_equal(start(1), start(1))
    assert not np.array_equal(start(1), start(2))


@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        (
            lambda shape: np.zeros(shape) * u.mA,
            "LIF.V_initializer must be a potential, got one in mA",
        ),
        (
            lambda shape: np.zeros(2) * u.mV,
            "LIF.V_initializer must fit the shape (1,), got shape (2,)",
        ),
        (None, "LIF.V_initializer must be a potential, got None"),
    ],
    ids=["unit", "shape", "nothing"],
)
def test_a_start_that_is_no_potential_of_the_population_is_refused(start, sentence):
    assert refused(lambda: LIF(1, V_initializer=start).init_state()) == sentence


# ---------------------------------------------------------------- a user's own classes


class _Quick(LIF):
    """A user's subclass with another default and one more parameter, without a constructor."""

    tau = LIF.tau.but(default=2.0 * u.ms)
    gain = ParameterSpec(2.0, "k", "gain of the input", soft=(0, 5), hard=POSITIVE, after="tau")

    def drift(self, V, x):
        return super().drift(V, self.gain * x)


class _Written(LIF):
    """A user's subclass with a constructor of its own."""

    def __init__(self, in_size, gain=3.0, **kwargs):
        super().__init__(in_size, tau=3 * u.ms, **kwargs)
        self.gain = gain


def test_a_subclass_without_constructor_gets_one_with_what_it_declares():
    names = list(inspect.signature(_Quick).parameters)
    assert names[:5] == ["in_size", "R", "tau", "gain", "V_th"]
    neuron = _Quick(1, gain=4)
    assert (neuron.tau, neuron.gain) == (2 * u.ms, 4.0)
    assert LIF(1).tau == 5 * u.ms
    assert refused(lambda: _Quick(1, gain=-1)) == "_Quick.gain must be above 0, got -1"


def test_a_subclass_with_constructor_keeps_it(clock):
    neuron = _Written(2, gain=5.0, spk_reset="hard", name="mine")
    assert list(inspect.signature(_Written).parameters) == ["in_size", "gain", "kwargs"]
    assert (neuron.tau, neuron.gain, neuron.spk_reset) == (3 * u.ms, 5.0, "hard")
    assert neuron.name == "mine"
    neuron.init_state()
    assert neuron(1 * u.mA).shape == (2,)


def test_a_subclass_of_one_with_constructor_inherits_it():
    class _Heir(_Written):
        pass

    assert _Heir(2, gain=6.0).gain == 6.0


def test_a_declaration_can_be_replaced_by_a_constant():
    class _Fixed(LIF):
        tau = 4 * u.ms

    assert "tau" not in _Fixed.parameters()
    assert _Fixed(1).tau == 4 * u.ms
    with pytest.raises(ParameterError, match="no parameter 'tau'"):
        _Fixed(1, tau=5 * u.ms)


@pytest.mark.parametrize("base", [Neuron, Synapse])
def test_the_base_classes_can_be_built(base):
    model = base((2, 3), name="mine")
    assert model.in_size == model.varshape == (2, 3)
    assert model.name == "mine"


def test_the_base_neuron_spikes_with_the_inverse_square_and_resets_softly():
    neuron = Neuron(1)
    assert isinstance(neuron.spk_fun, braintools.surrogate.InvSquareGrad)
    assert neuron.spk_reset == "soft"
    with pytest.raises(NotImplementedError, match=r"Neuron does not define get_spike\(\)"):
        neuron.get_spike()
    with pytest.raises(ValueError, match="spk_reset must be one of 'soft', 'hard', got 'x'"):
        Neuron(1, spk_reset="x")


# ---------------------------------------------------------------- the declarations themselves


@pytest.mark.parametrize(
    ("interval", "unit", "words"),
    [
        (FREE, "mV", "any finite number"),
        (POSITIVE, "ms", "above 0 ms"),
        (NON_NEGATIVE, "", "at least 0"),
        (PROBABILITY, "", "between 0 and 1"),
        (Interval(high=2.0), "mV", "at most 2 mV"),
    ],
)
def test_an_interval_says_in_words_what_it_takes(interval, unit, words):
    assert interval.describe(unit) == words


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_an_interval_holds_what_its_words_say(number):
    assert POSITIVE.contains(number) == (number > 0)
    assert NON_NEGATIVE.contains(number) == (number >= 0)
    assert PROBABILITY.contains(number) == (0 <= number <= 1)
    assert FREE.contains(number)


@pytest.mark.parametrize("interval", [FREE, POSITIVE, NON_NEGATIVE, PROBABILITY])
def test_no_interval_holds_nan(interval):
    assert not interval.contains(math.nan)


def test_a_whole_number_is_asked_for_where_one_is_declared():
    spec = ParameterSpec(1.0, "N", "a count", soft=(1, 10), integer=True)
    assert spec.check(3.0, "n") == 3.0
    assert refused(lambda: spec.check(2.5, "n")) == "n must be a whole number, got 2.5"


def test_the_unit_of_a_declaration_is_that_of_its_default():
    assert (LIF.tau.unit_text, LIF.tau.unit, LIF.tau.default_number) == ("ms", u.ms, 5.0)
    assert LIF.tau.quantity(3.0) == 3 * u.ms
    assert LIF.tau.number(0.003 * u.second) == pytest.approx(3.0)


def test_parents_declare_first_and_a_mixin_keeps_what_it_declares():
    assert list(LIFRef.states()) == ["V", "last_spike_time"]
    assert list(LIFRef.parameters())[:3] == ["R", "tau", "tau_ref"]
    assert "V_reset" not in IF.parameters()


def test_a_state_that_was_never_made_says_what_to_call():
    with pytest.raises(AttributeError) as error:
        _ = LIF(1).V
    assert str(error.value) == "LIF has no state 'V' yet: call init_state() first"


def test_an_input_is_declared_with_the_drive_at_which_the_model_fires():
    assert isinstance(LIF.input, InputSpec)
    assert (LIF.input.unit_text, LIFRef.input.default) == ("mA", 1.5 * u.mA)


def test_a_component_of_any_kind_can_declare():
    class Gate(Component):
        mode = ChoiceSpec("open", ("open", "shut"), "what it does")
        width = InitialSpec(1.0, "w", "its width", soft=(0, 2))
        level = StateSpec(u.mV, "l", "its level")

        def _construct(self):
            pass

    gate = Gate(mode="shut")
    assert (gate.mode, gate.width) == ("shut", 1.0)
    assert (list(Gate.choices()), list(Gate.states())) == (["mode"], ["level"])
    assert list(Gate.declarations()) == ["mode", "width", "level"]
