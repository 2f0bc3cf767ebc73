"""The laws of every model: whatever is in the catalogue is held to them."""

import functools
import inspect
import re

import brainstate
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import saiunit as u
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine import LIF, Experiment, ParameterError, boundary, catalog, simulate, surrogates
from engine.simulation import compile_simulation
from engine.specs import InitialSpec

NEURONS, SYNAPSES = catalog.neurons(), catalog.synapses()
OUTPUTS, RULES = catalog.outputs(), catalog.plasticity()
EVERYTHING = NEURONS | SYNAPSES | OUTPUTS | RULES
EACH_NEURON = pytest.mark.parametrize("cls", NEURONS.values(), ids=NEURONS.keys())
EACH_SYNAPSE = pytest.mark.parametrize("cls", SYNAPSES.values(), ids=SYNAPSES.keys())
EACH = pytest.mark.parametrize("cls", (NEURONS | SYNAPSES).values(), ids=NEURONS | SYNAPSES)
ANYTHING = pytest.mark.parametrize("cls", EVERYTHING.values(), ids=EVERYTHING.keys())
EACH_RESET = pytest.mark.parametrize(
    ("cls", "reset"),
    [
        pytest.param(cls, reset, id=f"{name}-{reset}")
        for name, cls in NEURONS.items()
        for reset in ("soft", "hard")
        if cls.choices()["spk_reset"].has_effect or reset == "soft"
    ],
)
SURROGATES = [
    kind for kind in surrogates.catalogue().values() if kind.__module__ == "engine.surrogates"
]

PLAUSIBLE = {"mV": 1e3, "mV/ms": 1e3, "mA": 1e4, "pA": 1e5, "mS": 1e4, "S": 1e4, "": 1e3}
"""What no state may leave, by its unit: far beyond biology, far below a numerical explosion."""


def input_unit(cls):
    if cls in NEURONS.values():
        return cls.input.unit
    g = cls.parameters().get("g_initializer")
    return u.UNITLESS if g is None else g.unit


@functools.partial(jax.jit, static_argnames=("cls", "size", "batch", "dt"))
def steps(cls, size, x, batch=None, dt=0.125):
    """Run a model over ``x``, shape (time, ...), in its input unit; give its output and states."""
    model = cls(size, **settled_start(cls))
    model.init_state(
        batch, rng=brainstate.random.RandomState(jax.random.key_data(jax.random.key(0)))
    )

    def step(i, now):
        with brainstate.environ.context(i=i, t=i * dt * u.ms):
            out = model(boundary.attach(now, input_unit(cls)))
        return out, {name: getattr(model, name).value for name in cls.states()}

    with brainstate.environ.context(dt=dt * u.ms):
        return brainstate.transform.for_loop(step, jnp.arange(len(x)), x)


def settled_start(cls):
    """Give a start that is the same for every neuron, where the model draws it at random."""
    specs = cls.parameters().items()
    drawn = {n: s for n, s in specs if isinstance(s, InitialSpec) and callable(s.default)}
    return {n: s.quantity(s.soft[0]) for n, s in drawn.items()}


def plain(tree):
    """Strip the units of a tree for comparison."""
    is_quantity = lambda leaf: isinstance(leaf, u.Quantity)  # noqa: E731
    return jax.tree.map(lambda a: np.asarray(u.get_mantissa(a)), tree, is_leaf=is_quantity)


# ---------------------------------------------------------------- what a neuron does


def settled_count(cls, factor):
    """Count the spikes after 100 ms: a start away from rest may make a first one."""
    drive = {"stimulus": "Constant", "stimulus__amplitude": factor * cls.input.default}
    recording = simulate(cls, **drive, noise="None", n=2, duration=1000 * u.ms)
    assert recording.problem == ""
    return np.sum(recording.spike_times > 100.0)


@EACH_NEURON
def test_it_is_silent_without_input(cls):
    assert settled_count(cls, 0.0) == 0


@EACH_NEURON
def test_it_fires_in_its_default_experiment_at_a_plausible_rate(cls):
    recording = simulate(cls)
    assert recording.problem == ""
    assert 1.0 < recording.rate < 200.0
    assert len(np.unique(recording.spike_neurons)) == 100


@EACH_NEURON
def test_it_fires_more_the_more_it_is_driven(cls):
    # not further: some models are held depolarized by a stronger drive
    assert 0 < settled_count(cls, 1.0) < settled_count(cls, 1.5)


def soft_values(cls):
    """Draw a number for every path of the default experiment, often at an end of its slider."""
    specs = Experiment(cls).specs
    kept = {p: s for p, s in specs.items() if not (s.structural or s.integer or p == "duration")}
    return st.fixed_dictionaries(
        {p: st.one_of(st.sampled_from(s.soft), st.floats(*s.soft)) for p, s in kept.items()}
    )


def stays_plausible(cls, reset, data):
    experiment = Experiment(cls).set("spk_reset", reset).set("n", 4).set("duration", 60)
    values = data.draw(soft_values(cls))
    fastest = [values[p] for p, s in experiment.specs.items() if s.time_constant]
    values["dt"] = min([values["dt"], *(tau / 2 for tau in fastest)])
    values["stimulus.start"] = min(values["stimulus.start"], 20.0)
    experiment = experiment.update(values)
    assume(not experiment.problems())
    recording = simulate(experiment, watched=range(4))
    assert recording.problem == ""
    assert recording.n_steps == experiment.n_steps
    for name, spec in cls.states().items():
        if not spec.is_time_stamp:
            trace = recording.traces[name]
            assert np.isfinite(trace).all()
            # what has no unit may count spikes, of which there is at most one a step
            most = 0 if spec.unit_text else recording.n_steps
            assert np.abs(trace).max() < max(PLAUSIBLE[spec.unit_text], most + 1), name


@EACH_RESET
@settings(max_examples=25)
@given(data=st.data())
def test_it_stays_finite_and_plausible_wherever_the_sliders_stand(cls, reset, data):
    stays_plausible(cls, reset, data)


@pytest.mark.slow
@EACH_RESET
@settings(max_examples=300)
@given(data=st.data())
def test_it_stays_finite_and_plausible_however_often_the_sliders_are_moved(cls, reset, data):
    stays_plausible(cls, reset, data)


def surrogates_for(name):
    """Give one model all surrogates; the others a few, and the rest in the slow tests."""
    few = [kind for kind in SURROGATES if kind.__name__ in ("ReluGrad", "Sigmoid", "Arctan")]
    rest = [kind for kind in SURROGATES if kind not in few]
    return [(SURROGATES, ())] if name == "LIF" else [(few, ()), (rest, pytest.mark.slow)]


@pytest.mark.parametrize(
    ("cls", "reset", "several"),
    [
        pytest.param(*case.values, several, id=f"{case.id}-{len(several)}", marks=marks)
        for case in EACH_RESET.args[1]
        for several, marks in surrogates_for(case.values[0].__name__)
    ],
)
def test_a_gradient_passes_through_every_surrogate(cls, reset, several):
    kinds = [kind() for kind in several]
    x = jnp.linspace(0.5, 3.0, 160)[:, None] * float(u.get_mantissa(cls.input.default))

    @jax.jit
    @jax.grad
    def slope(gain, which):
        def spike(distance):
            return jax.lax.switch(which, kinds, distance)

        model = cls(1, spk_fun=spike, spk_reset=reset)
        model.init_state(rng=brainstate.random.RandomState(np.zeros(2, np.uint32)))

        def step(i, now):
            with brainstate.environ.context(i=i, t=i * 0.25 * u.ms):
                return model(u.Quantity(gain * now, unit=cls.input.unit))

        with brainstate.environ.context(dt=0.25 * u.ms):
            return brainstate.transform.for_loop(step, jnp.arange(len(x)), x).sum()

    slopes = {kind: float(slope(1.0, i)) for i, kind in enumerate(several)}
    assert len(set(slopes.values())) > 0.8 * len(several), "the surrogates make a difference"
    for kind, value in slopes.items():
        assert np.isfinite(value), kind
        assert value != 0.0, kind


@EACH_NEURON
def test_a_seed_gives_the_same_run_again_and_another_seed_another(cls):
    one, same, other = (simulate(cls, seed=seed, duration=200 * u.ms) for seed in (1, 1, 2))
    assert np.array_equal(one.traces["V"], same.traces["V"])
    assert np.array_equal(one.spike_steps, same.spike_steps)
    assert np.array_equal(one.spike_neurons, same.spike_neurons)
    assert not np.array_equal(one.traces["V"], other.traces["V"])
    assert not np.array_equal(one.spike_steps, other.spike_steps)


@EACH_NEURON
def test_a_run_in_pieces_is_the_whole_run_bit_for_bit(cls):
    experiment = Experiment(cls).set("stimulus.start", 5)
    structure = experiment.structure
    simulation = compile_simulation(structure)
    numbers = np.array([experiment[p] for p in structure.paths], np.float32)
    noise = (
        np.random.default_rng(1).normal(size=(simulation.chunk, experiment.n)).astype(np.float32)
    )
    start = simulation.init(numbers, np.array([0, 3], np.uint32))
    watched = np.array([0], np.int32)

    def run(pieces):
        carry, first, traces, words = start, 0, [], []
        for length in pieces:
            xi = {"noise": np.roll(noise, -first, axis=0)}
            position = np.int32(first), np.int32(length)
            evolving, kept = simulation.advance(carry, numbers, watched, *position, xi)
            carry = carry | evolving
            traces.append(np.asarray(kept["traces"])[:length])
            words.append(np.asarray(kept["spikes"])[:length])
            first += length
        return np.concatenate(traces), np.concatenate(words), plain(carry["states"])

    whole, pieces = run([600]), run([1, 255, 64, 280])
    assert whole[1].any(), "there are spikes"
    for a, b in zip(jax.tree.leaves(whole), jax.tree.leaves(pieces), strict=True):
        assert np.array_equal(a, b)


# ---------------------------------------------------------------- what a synapse does


@EACH_SYNAPSE
def test_it_stays_at_rest_without_input(cls):
    out, states = plain(steps(cls, 2, jnp.zeros((50, 2))))
    assert not out.any()
    assert not states.get("g", np.zeros(1)).any()


@EACH_SYNAPSE
def test_it_answers_an_event_and_forgets_it(cls):
    x = jnp.zeros((8000, 2)).at[10, 1].set(1.0)
    out = plain(steps(cls, 2, x)[0])
    assert not out[:10].any()
    assert not out[:, 0].any()
    assert out[:, 1].max() > 0.05
    assert (out[:, 1] >= 0).all()
    assert out[-1, 1] < 1e-3 * out[:, 1].max()


@EACH_SYNAPSE
def test_a_spike_is_a_truth_value_a_whole_number_or_a_number(cls):
    spikes = np.random.default_rng(4).random((60, 2)) < 0.2

    def run(kind):
        model = cls(2)
        model.init_state()

        def step(i, now):
            with brainstate.environ.context(i=i, t=i * 0.25 * u.ms):
                return model(now)

        with brainstate.environ.context(dt=0.25 * u.ms):
            return plain(brainstate.transform.for_loop(step, jnp.arange(60), spikes.astype(kind)))

    as_number = run(np.float32)
    assert as_number.any()
    assert np.array_equal(run(bool), as_number)
    assert np.array_equal(run(np.int32), as_number)


@EACH_SYNAPSE
@pytest.mark.parametrize("value", [True, np.array([1, 0]), np.ones((3, 2))])
def test_an_event_comes_as_an_argument_or_as_a_delta_input_of_any_label(cls, value, clock):
    def run(*arguments, **registered):
        model = cls(2, name="synapse")
        model.init_state(3)
        for step in range(4):
            for label, inp in registered.items() if step == 1 else ():
                model.add_delta_input("event", inp, label=label if label != "none" else None)
            with brainstate.environ.context(t=step * clock):
                out = model(*(arguments if step == 1 else ()))
            assert not model.delta_inputs, "nothing is left behind"
        return plain(out), plain({n: getattr(model, n).value for n in cls.states()})

    amount = boundary.attach(np.asarray(value) * 1.0, input_unit(cls))
    direct = run(amount)
    for other in (run(none=amount), run(group=amount), run(value)):
        for a, b in zip(jax.tree.leaves(direct), jax.tree.leaves(other), strict=True):
            assert np.array_equal(a, b)
    assert any(
        not np.array_equal(a, b)
        for a, b in zip(jax.tree.leaves(direct), jax.tree.leaves(run()), strict=True)
    )


@EACH_SYNAPSE
def test_an_event_may_be_found_by_a_callable_that_stays(cls, clock):
    model = cls(2)
    model.init_state()
    one = boundary.attach(jnp.ones(2), input_unit(cls))
    model.add_delta_input("ever", lambda: one)
    for step in range(3):
        with brainstate.environ.context(t=step * clock):
            out = model()
    assert list(model.delta_inputs) == ["ever"]
    assert plain(out).all()


@EACH_SYNAPSE
def test_a_current_input_is_read_or_refused_but_never_forgotten(cls, clock):
    model = cls(2)
    model.init_state()
    one = boundary.attach(jnp.ones(2), input_unit(cls))
    if cls.takes_current:
        model.add_current_input("flow", one)
        assert plain(model()).all()
        assert not model.current_inputs
    else:
        with pytest.raises(ParameterError, match=f"{cls.__name__} takes no current input, so 'fl"):
            model.add_current_input("flow", one)


@EACH_SYNAPSE
def test_it_runs_after_a_neuron_on_its_spikes(cls, clock):
    neuron = LIF(3)
    synapse = neuron.align_pre(cls.desc())
    assert neuron.align_pre(cls.desc()) is synapse
    assert synapse.varshape == (3,)
    brainstate.nn.init_all_states(neuron, batch_size=2)

    def step(i):
        with brainstate.environ.context(i=i, t=i * clock):
            before = getattr(synapse, next(iter(cls.states()))).value
            spikes = neuron(jnp.array([0.0, 2.0, 3.0]) * u.mA)
            return spikes, u.get_mantissa(getattr(synapse, next(iter(cls.states()))).value - before)

    spikes, change = brainstate.transform.for_loop(step, jnp.arange(200))
    assert spikes[..., 1:].any()
    assert np.array_equal(np.abs(change).max(axis=(0, 1)) > 1e-3, [False, True, True])


def soft_numbers(cls):
    specs = cls.parameters().items()
    return st.fixed_dictionaries(
        {p: st.one_of(st.sampled_from(s.soft), st.floats(*s.soft)) for p, s in specs}
    )


def given_values(cls, numbers):
    specs = cls.parameters()
    return {
        p: boundary.attach(jnp.asarray(v, jnp.float32), specs[p].unit) for p, v in numbers.items()
    }


@functools.cache
def slider_run(cls):
    """Compile a run of a model with events, of its parameters in their declared units."""

    @jax.jit
    def run(numbers, dt, x):
        model = cls(4, **given_values(cls, numbers))
        model.init_state()
        arguments = (x, jnp.roll(x, 3, axis=0)) if cls in RULES.values() else (x,)

        def step(i, *now):
            with brainstate.environ.context(i=i, t=i * dt * u.ms):
                out = model(*now)
            return out, {name: getattr(model, name).value for name in cls.states()}

        with brainstate.environ.context(dt=dt * u.ms):
            return brainstate.transform.for_loop(step, jnp.arange(len(x)), *arguments)

    return run


@pytest.mark.parametrize("cls", (SYNAPSES | RULES).values(), ids=SYNAPSES | RULES)
@given(data=st.data())
@settings(max_examples=40)
def test_it_stays_finite_and_plausible_for_any_train_wherever_the_sliders_stand(cls, data):
    numbers = data.draw(soft_numbers(cls))
    fastest = [numbers[p] for p, s in cls.parameters().items() if s.time_constant]
    dt = min([data.draw(st.floats(0.01, 0.5)), *(tau / 2 for tau in fastest)])
    chance, seed = data.draw(st.sampled_from([0.01, 0.1, 0.5])), data.draw(st.integers(0, 99))
    x = (np.random.default_rng(seed).random((400, 4)) < chance).astype(np.float32)
    out, states = plain(slider_run(cls)(numbers, np.float32(dt), x))
    assert np.isfinite(out).all()
    for name, spec in cls.states().items():
        if not spec.is_time_stamp:
            assert np.isfinite(states[name]).all(), name
            assert np.abs(states[name]).max() < PLAUSIBLE[spec.unit_text], name


@EACH_SYNAPSE
def test_a_gradient_passes_to_every_parameter(cls):
    numbers = {p: s.default_number for p, s in cls.parameters().items()}
    x = (np.random.default_rng(5).random((200, 4)) < 0.1).astype(np.float32)
    total = lambda numbers: u.get_mantissa(slider_run(cls)(numbers, 0.125, x)[0]).sum()  # noqa: E731
    for p, slope in jax.grad(total)(numbers).items():
        assert np.isfinite(slope), p
        # a window that is counted in whole steps has no slope
        assert bool(slope != 0.0) == (p != "T_dur"), p


# ---------------------------------------------------------------- what is refused


@ANYTHING
def test_a_wrong_unit_is_refused_by_the_name_of_the_argument(cls):
    arguments = () if cls in OUTPUTS.values() else (2,)
    for p, spec in cls.parameters().items():
        if spec.any_unit:
            continue
        wrong = 1.0 * (u.kelvin if spec.unit_text else u.ms)
        with pytest.raises(ParameterError, match=rf"{cls.__name__}\.{p} must be ") as error:
            cls(*arguments, **{p: wrong})
        assert error.value.args[0].count("\n") == 0
        with pytest.raises(ParameterError, match=rf"{cls.__name__}\.{p} must be "):
            cls(*arguments, **{p: True})


@pytest.mark.parametrize("cls", (SYNAPSES | RULES).values(), ids=SYNAPSES | RULES)
def test_what_does_not_fit_the_states_is_refused_by_the_name_of_the_argument(cls, clock):
    model = cls(3)
    model.init_state()
    arguments = [name for name in inspect.signature(cls.update).parameters if name != "self"]
    before = plain({name: getattr(model, name).value for name in cls.states()})
    with brainstate.environ.context(t=0 * u.ms):
        for k, name in enumerate(arguments):
            words = "the input" if name == "x" else name
            filler = (None,) * k
            with pytest.raises(ParameterError, match=rf"{words} of {cls.__name__} has shape \(7,"):
                model(*filler, np.ones(7))
            with pytest.raises(ParameterError, match=r"for a batch call init_state\(2\)"):
                model(*filler, np.ones((2, 3)))
            with pytest.raises(ParameterError, match=rf"{words} of {cls.__name__} must be "):
                model(*filler, np.ones(3) * u.ms)
        if cls in SYNAPSES.values():
            model.add_delta_input("wide", boundary.attach(np.ones((2, 3)), input_unit(cls)))
            with pytest.raises(ParameterError, match="would turn its state"):
                model()
    after = plain({name: getattr(model, name).value for name in cls.states()})
    assert jax.tree.all(jax.tree.map(np.array_equal, before, after))


@pytest.mark.parametrize("cls", (SYNAPSES | RULES).values(), ids=SYNAPSES | RULES)
def test_a_reset_keeps_the_batch_and_undoes_the_run(cls, clock):
    model = cls((2, 3))
    model.init_state(4)
    before = plain({name: getattr(model, name).value for name in cls.states()})
    with brainstate.environ.context(t=0 * u.ms):
        model(*[np.ones((4, 2, 3))] * (2 if cls in RULES.values() else 1))
    model.reset_state()
    after = plain({name: getattr(model, name).value for name in cls.states()})
    assert jax.tree.all(jax.tree.map(np.array_equal, before, after))
    model.reset_state(5)
    assert all(getattr(model, name).value.shape == (5, 2, 3) for name in cls.states())


@pytest.mark.parametrize("cls", (SYNAPSES | RULES).values(), ids=SYNAPSES | RULES)
def test_whole_numbers_make_no_whole_number_states(cls, clock):
    specs = cls.parameters().items()
    starts = {p: s for p, s in specs if isinstance(s, InitialSpec)}
    model = cls(2, **{p: boundary.attach(np.array([0, 1]), s.unit) for p, s in starts.items()})
    model.init_state()
    with brainstate.environ.context(t=0 * u.ms):
        model(1)
    for name in cls.states():
        assert getattr(model, name).value.dtype == np.float32, name


# ---------------------------------------------------------------- states


@EACH
@pytest.mark.parametrize("batch", [None, 8])
@pytest.mark.parametrize("size", [3, (2, 3)])
def test_each_state_has_its_declared_unit_and_shape(cls, batch, size):
    shape = (3,) if size == 3 else size
    shape = shape if batch is None else (batch, *shape)
    model = cls(size)
    model.init_state(batch)
    before = {name: getattr(model, name).value for name in cls.states()}
    out, after = steps(cls, size, jnp.ones((3, *shape)), batch)
    assert out.shape == (3, *shape)
    for name, spec in cls.states().items():
        for value, expected in ((before[name], shape), (after[name], (3, *shape))):
            assert u.get_dim(value) == spec.unit.dim, name
            assert value.shape == expected, name
            assert value.dtype == np.float32, name


@EACH
def test_a_batch_is_its_members_one_by_one(cls):
    drive = float(
        u.get_mantissa(getattr(cls, "input", None).default if cls in NEURONS.values() else 1)
    )
    x = np.random.default_rng(2).uniform(0, 3 * drive, size=(400, 3, 2)).astype(np.float32)
    batched = plain(steps(cls, 2, x, 3))
    assert batched[0].any()
    for k in range(3):
        alone = plain(steps(cls, 2, x[:, k]))
        for a, b in zip(jax.tree.leaves(batched), jax.tree.leaves(alone), strict=True):
            np.testing.assert_allclose(a[:, k], b, rtol=1e-5, atol=1e-6)


# ---------------------------------------------------------------- what a model says about itself


COMMANDS = r"\\(frac|quad|qquad|text|mathrm|sum|int|delta|ge|le|leftarrow|left|right|max|min|exp|"
COMMANDS += r"cosh|tanh|ln|begin|end|cases|infty|cdot|partial)(?![A-Za-z])"


def remainder(equation, symbols):
    """Give the letters of an equation that stand for nothing declared."""
    for symbol in sorted(symbols, key=len, reverse=True):
        bounded = rf"(?<!\\)d?(?<![A-Za-z\\]){re.escape(symbol)}(?![A-Za-z])"
        equation = re.sub(rf"d(?={re.escape(symbol)}(?![A-Za-z]))|{bounded}", " ", equation)
        equation = re.sub(rf"(?<![A-Za-z\\]){re.escape(symbol)}(?![A-Za-z])", " ", equation)
    equation = re.sub(r"\\text\{[^}]*\}", " ", equation)
    equation = re.sub(COMMANDS, " ", equation)
    equation = re.sub(r"\bdt\b|\bt(_k)?\b|_k\b", " ", equation)
    return re.findall(r"\\?[A-Za-z]+", equation)


@ANYTHING
def test_every_symbol_of_the_equation_is_declared(cls):
    symbols = [s.symbol for s in (cls.parameters() | cls.states()).values()]
    if cls in NEURONS.values():
        symbols.append(cls.input.symbol)
    if cls in OUTPUTS.values():
        symbols += ["I", "g", "V"]
    symbols += getattr(cls, "functions", {})
    assert remainder(cls.equation, symbols) == []


def test_an_undeclared_symbol_would_be_found():
    assert remainder(r"\tau \frac{dV}{dt} = -V + R I + k", [r"\tau", "V", "R", "I"]) == ["k"]
    assert remainder(r"\tau_q \frac{dV}{dt} = -V", [r"\tau", "V"]) != []


@ANYTHING
def test_what_drives_the_states_stands_in_the_equation(cls):
    for name, spec in cls.parameters().items():
        if spec.group == "dynamics" and not isinstance(spec, InitialSpec):
            assert spec.symbol in cls.equation, name
    for name, spec in cls.states().items():
        if not spec.is_time_stamp:
            assert f"d{spec.symbol}" in cls.equation.replace(" ", ""), name


@ANYTHING
def test_the_docstring_holds_an_equation_and_a_reference(cls):
    doc = inspect.getdoc(cls)
    assert cls.__doc__ is not None
    assert ".. math::" in doc
    assert re.search(r"References\n-+\n", doc)
    assert re.search(r"\(\d{4}\)", doc)
    assert re.search(r"doi:10\.|arXiv:", doc)
    assert catalog.summary(cls).endswith(".")


@ANYTHING
def test_a_model_is_found_in_the_catalogue_by_its_name(cls):
    assert catalog.find(cls.__name__) is cls
    assert cls.__module__ == "engine"


def test_a_name_that_is_not_in_the_catalogue_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match="no model 'LIFF' in the catalogue; did you mean 'LIF"):
        catalog.neuron("LIFF")
    with pytest.raises(ValueError, match="no model 'Expo' in the catalogue; did you mean 'Expon'"):
        catalog.find("Expo")


def test_a_private_subclass_is_not_in_the_catalogue():
    class _Hidden(NEURONS["LIF"]):
        pass

    assert "_Hidden" not in catalog.neurons()
