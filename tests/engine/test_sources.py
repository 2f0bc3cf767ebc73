"""Sources: exact courses in time, honest statistics, sentences for what cannot be."""

import brainpy.state
import brainstate
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import saiunit as u
from hypothesis import example, given, settings
from hypothesis import strategies as st

import engine
from engine import (
    LIF,
    ConstantInput,
    OUProcessInput,
    ParameterError,
    PoissonEncoder,
    PoissonInput,
    PoissonSpike,
    RampInput,
    SectionInput,
    SinusoidalInput,
    SpikeTime,
    StepInput,
    WienerProcessInput,
    poisson_input,
)
from engine.sources import Source
from engine.specs import subclasses

mA, mV, ms, Hz = u.mA, u.mV, u.ms, u.Hz
DT = 0.125  # a power of two: their courses have no rounding of their own

MADE = {
    "ConstantInput": lambda lib: lib.ConstantInput(3, 1.5 * mA, 2.0 * ms),
    "RampInput": lambda lib: lib.RampInput(3, -0.5 * mA, 2.0 * mA, 2.0 * ms, t_start=0.5 * ms),
    "SectionInput": lambda lib: lib.SectionInput(3, [1, 0, 2] * mA, [0.5, 0.9, 1.1] * ms),
    "SinusoidalInput": lambda lib: lib.SinusoidalInput(
        3, 2.0 * mA, 300.0 * Hz, 3.0 * ms, bias=0.3 * mA
    ),
    "StepInput": lambda lib: lib.StepInput(3, [1, 3, 2] * mA, [0.5, 2.1, 1.0] * ms),
}
RANDOM = {
    "OUProcessInput": lambda lib: lib.OUProcessInput(3, 1.0 * mA, 0.2 * mA, 5.0 * ms, 2.0 * ms),
    "WienerProcessInput": lambda lib: lib.WienerProcessInput(3, 0.2 * mA, 2.0 * ms),
    "PoissonSpike": lambda lib: lib.PoissonSpike(3, 500.0 * Hz, spk_type=float),
}
SPIKES = {"SpikeTime": lambda lib: lib.SpikeTime(3, [0, 2, 2], [0.5, 0.25, 0.25] * ms)}
ALL = MADE | RANDOM | SPIKES


def run(source, steps=40, dt=DT, batch=None, seed=0, compiled=True, **clock):
    """What a source gives, step by step, as plain numbers."""

    def step(i):
        now = clock or {"i": i, "t": i * dt * ms}
        with brainstate.environ.context(**now):
            return u.get_mantissa(source.update())

    with brainstate.environ.context(dt=dt * ms), brainstate.random.seed_context(seed):
        brainstate.nn.init_all_states(source, batch_size=batch)
        if compiled:
            return np.asarray(brainstate.transform.for_loop(step, jnp.arange(steps)))
        return np.stack([np.asarray(step(i)) for i in range(steps)])


def test_every_source_is_tested_here():
    public = {c.__name__ for c in subclasses(Source)}
    assert public - {"PoissonEncoder"} == set(ALL)


@pytest.mark.parametrize("name", MADE)
def test_a_course_is_that_of_the_reference_step_for_step(name):
    ours, theirs = run(MADE[name](engine)), run(MADE[name](brainpy.state))
    assert np.ptp(theirs) > 0
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ALL)
def test_a_source_runs_eagerly_as_it_does_compiled(name):
    eager, compiled = (run(ALL[name](engine), steps=10, compiled=c) for c in (False, True))
    np.testing.assert_allclose(eager, compiled, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ALL)
def test_a_batch_is_in_front_and_random_sources_draw_each_entry_on_its_own(name):
    given = run(ALL[name](engine), batch=4)
    assert given.shape == (40, 4, 3)
    alike = (given == given[:, :1]).all()
    assert alike == (name not in RANDOM)


@pytest.mark.parametrize("name", ALL)
def test_the_step_alone_tells_a_source_the_time(name):
    source, given = ALL[name](engine), []
    with brainstate.environ.context(dt=DT * ms):
        if name != "PoissonSpike":  # it asks for no time
            source.init_state()
            with pytest.raises(ParameterError, match="needs to know the time"):
                source.update()
        for now in ({"i": 2}, {"t": 2 * DT * ms}):
            source.init_state()
            with brainstate.environ.context(**now), brainstate.random.seed_context(0):
                given.append(u.get_mantissa(source.update()))
    np.testing.assert_array_equal(*given)


def test_an_explicit_source_of_randomness_decides_the_draws():
    source = PoissonSpike(1000, 2000 * Hz)

    def draw(seed):
        source.init_state(rng=brainstate.random.RandomState(seed))
        with brainstate.environ.context(dt=0.1 * ms):
            return np.asarray(source.update())

    assert (draw(1) == draw(1)).all()
    assert (draw(1) != draw(2)).any()


def test_a_source_lives_inside_a_program_whose_time_step_is_traced():
    @jax.jit
    def total(dt):
        sources = [ConstantInput(1, 1.0 * mA, 2.0 * ms), StepInput(1, [2.0] * mA, [1.0] * ms)]
        spikes = SpikeTime(1, [0, 0], [0.5, 1.5] * ms)

        def step(i):
            with brainstate.environ.context(dt=dt * ms, i=i, t=i * dt * ms):
                currents = sum(s.update().to_decimal(mA) for s in sources)
                return (currents + 100 * spikes.update())[0]

        return jnp.stack([step(i) for i in range(8)])

    expected = [1, 1, 3 + 0, 3, 2, 2, 2, 2]
    np.testing.assert_allclose(total(0.5) % 100, expected)
    assert np.flatnonzero(total(0.5) >= 100).tolist() == [1, 3]
    assert np.flatnonzero(total(0.25) >= 100).tolist() == [2, 6]


# -- when things switch ----------------------------------------------------------------------------

STEPS = st.integers(0, 200_000)
TIME_STEPS = st.sampled_from([0.1, 0.01, 0.025, 0.3, 0.7, 1 / 3, 1.0]) | st.floats(1e-3, 2.0)


@settings(max_examples=25)
@given(k=STEPS, dt=TIME_STEPS, single=st.booleans())
@example(k=3, dt=0.1, single=False)
@example(k=7, dt=0.1, single=True)
def test_a_time_that_is_a_whole_number_of_steps_switches_at_that_step(k, dt, single):
    time = np.float32(k * dt) if single else k * dt
    sources = {
        ConstantInput(1, 1.0, time * ms): [1, 0],
        StepInput(1, [1.0], u.math.asarray([time]) * ms): [0, 1],
        SectionInput(1, [1.0, 2.0], [time * ms, 9 * dt * ms]): [1, 2],
        SpikeTime(1, [0], [time * ms]): [0, 1],
        SpikeTime(1, [0], [time * ms], time_as_step="floor"): [0, 1],
        SpikeTime(1, [0], [time * ms], time_as_step="ceil"): [0, 1],
    }
    for source, expected in sources.items():
        given = []
        for i in (k - 1, k):
            now = {"i": i} if i % 2 else {"i": i, "t": np.float32(i) * np.float32(dt) * ms}
            with brainstate.environ.context(dt=dt * ms, **now):
                given.append(float(u.get_mantissa(source.update())[0]))
        assert given[1] == expected[1], source
        assert k == 0 or given[0] == expected[0], source


def test_times_between_two_steps_count_from_the_step_after_them():
    assert run(ConstantInput(1, 1.0, 0.52 * ms), 10, dt=0.1).sum() == 6
    assert run(StepInput(1, [1.0], [0.32 * ms]), 10, dt=0.1).ravel().argmax() == 4


def test_durations_that_add_up_to_whole_steps_end_at_that_step():
    # 0.3 + 0.4 is a little more than 0.7 in single precision: the reference is a step late
    given = run(SectionInput(1, [1, 2] * mA, [0.3, 0.4] * ms), 10, dt=0.1).ravel()
    assert given.tolist() == [1, 1, 1, 2, 2, 2, 2, 0, 0, 0]


def test_a_course_can_differ_between_neurons():
    given = run(SectionInput(2, [[1, 2], [3, 4]] * mA, [0.25, 0.25] * ms), 5)
    assert given.tolist() == [[1, 2], [1, 2], [3, 4], [3, 4], [0, 0]]
    given = run(ConstantInput((2, 1), u.math.asarray([[1.0], [2.0]]) * mA, 1 * ms), 1)
    assert given.tolist() == [[[1.0], [2.0]]]


def test_lists_of_quantities_in_several_units_are_one_course():
    assert run(
        StepInput(1, [1 * mA, 500 * u.uA], [0 * ms, 0.00025 * u.second]), 3
    ).ravel().tolist() == ([1.0, 1.0, 0.5])


# -- spikes at given times -------------------------------------------------------------------------


@given(
    events=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), max_size=30),
    weights=st.booleans(),
)
@settings(max_examples=8)
def test_spikes_at_given_times_add_up(events, weights):
    neurons, steps = [e[0] for e in events], [e[1] for e in events]
    sizes = np.arange(1.0, len(events) + 1) if weights else np.ones(len(events))
    expected = np.zeros((10, 5))
    np.add.at(expected, (steps, neurons), sizes)
    source = SpikeTime(
        5, neurons, np.array(steps) * 0.1 * ms, weights=sizes * mA if weights else 1.0
    )
    np.testing.assert_allclose(run(source, 10, dt=0.1), expected)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("round", 2), ("floor", 1), ("ceil", 2), (lambda s: 5 * jnp.ones_like(s), 5)],
)
def test_how_a_time_becomes_a_step(mode, expected):
    given = run(SpikeTime(1, [0], [0.17 * ms], time_as_step=mode), 10, dt=0.1)
    assert np.flatnonzero(given).tolist() == [expected]


def test_spikes_are_asked_for_by_step_and_by_time():
    source = SpikeTime((2, 2), [0, 3], [0.1, 0.2] * ms, weights=[1.0, 2.0] * mA)
    with brainstate.environ.context(dt=0.1 * ms):
        assert source(2).to_decimal(mA).tolist() == [[0, 0], [0, 2]]
        assert source(time=0.1 * ms).to_decimal(mA).tolist() == [[1, 0], [0, 0]]
        assert not u.get_mantissa(source(index=100)).any()
        assert not u.get_mantissa(SpikeTime(2, [], [])(0)).any()


# -- statistics ------------------------------------------------------------------------------------


def within(found, expected, deviation):
    """Whether an average is where it should be, by five standard deviations."""
    return np.abs(found - expected).max() < 5 * deviation


@pytest.mark.parametrize("rates", [[20.0, 0.0, 200.0], [5000.0, 500.0, 1e9]])
def test_poisson_spikes_have_their_rates(rates):
    steps, chance = 20_000, -np.expm1(-np.array(rates) * 1e-4)
    for source in (
        lambda: PoissonSpike(3, np.array(rates) * Hz),
        lambda: _Encoded(3, np.array(rates) * Hz),
    ):
        spikes = run(source(), steps, dt=0.1, seed=1)
        assert spikes.dtype == bool
        deviation = np.sqrt(chance * (1 - chance) / steps)
        assert (np.abs(spikes.mean(axis=0) - chance) <= 5 * deviation).all()


class _Encoded(brainstate.nn.Module):
    def __init__(self, n, rates):
        super().__init__()
        self.encoder, self.rates = PoissonEncoder(n), rates

    def update(self):
        return self.encoder(self.rates)


def test_poisson_spikes_of_two_neurons_or_entries_of_a_batch_are_independent():
    spikes = run(PoissonSpike(2, 2000 * Hz), 20_000, dt=0.1, batch=2).astype(float)
    table = np.corrcoef(spikes.reshape(len(spikes), 4).T)
    assert np.abs(table - np.eye(4)).max() < 5 / np.sqrt(len(spikes))
    encoder = PoissonEncoder(50)
    with brainstate.environ.context(dt=0.1 * ms):
        given = encoder(jnp.ones((4, 50)) * 5000 * Hz)
        assert given.shape == (4, 50)
        assert (given != given[:1]).any()
        encoder.init_state(batch_size=4)
        assert encoder(5000 * Hz).shape == (4, 50)


def test_an_ornstein_uhlenbeck_current_has_its_mean_width_and_memory():
    tau, sigma, dt, n, steps = 2.0, 0.3, 0.5, 2000, 400
    source = OUProcessInput(n, 1.5 * mA, sigma * mA, tau * ms, 1e6 * ms)
    first = run(source, 1, dt=dt, seed=3)
    given = run(source, steps, dt=dt, seed=3)
    settled, variance = given[100:], sigma**2 * tau / 2
    count = n * (steps - 100) * dt / tau / 2  # independent values
    assert within(settled.mean(), 1.5, np.sqrt(variance / count))
    assert within(settled.var(), variance, variance * np.sqrt(2 / count))
    early = variance * -np.expm1(-2 * dt / tau)
    assert within(first.var(), early, early * np.sqrt(2 / n))
    for lag in (1, 4, 8):
        kept = ((settled[lag:] - 1.5) * (settled[:-lag] - 1.5)).mean() / variance
        assert within(kept, np.exp(-lag * dt / tau), 1.5 / np.sqrt(count))


def test_the_sum_of_white_noise_is_a_wiener_process():
    sigma, dt, n, steps = 0.3, 0.25, 4000, 200
    process = np.cumsum(run(WienerProcessInput(n, sigma * mA, 1e6 * ms), steps, dt=dt), axis=0)
    for i in (0, 9, 99, 199):
        expected = sigma**2 * dt * (i + 1)
        assert within(process[i].var(), expected, expected * np.sqrt(2 / n))
        assert within(process[i].mean(), 0.0, np.sqrt(expected / n))


@pytest.mark.parametrize(("inputs", "rate"), [(20, 200.0), (5000, 50.0), (8, 9000.0)])
@pytest.mark.parametrize("how", ["class", "state", "function"])
def test_many_poisson_inputs_arrive_with_their_mean_and_variance(inputs, rate, how, clock):
    n, chance = 20_000, -np.expm1(-rate * 1e-4)
    neuron = LIF(n)
    neuron.init_state(batch_size=2)
    with brainstate.random.seed_context(4):
        if how == "function":
            poisson_input(rate * Hz, inputs, 0.5 * mV, neuron.V)
        else:
            target = neuron.prefetch("V") if how == "class" else neuron.V
            given = PoissonInput(target, None, inputs, rate * Hz, 0.5 * mV)
            given.init_state()
            given.update()
    arrived = neuron.V.value.to_decimal(mV) / 0.5
    mean, variance = inputs * chance, inputs * chance * (1 - chance)
    assert (np.round(arrived) == arrived).all()
    assert within(arrived.mean(), mean, np.sqrt(variance / arrived.size))
    fourth = variance * (1 + 3 * variance)
    assert within(arrived.var(), variance, np.sqrt(fourth / arrived.size))
    assert abs(np.corrcoef(arrived)[0, 1]) < 5 / np.sqrt(n)


def test_poisson_inputs_reach_the_neurons_that_are_meant(clock):
    neuron = LIF((2, 3))
    neuron.init_state(batch_size=2)
    PoissonInput(neuron.prefetch("V"), [0, 4], 10_000, 100 * Hz, 1 * mV).update()
    assert (neuron.V.value > 0 * mV).sum(axis=0).tolist() == [[2, 0, 0], [0, 2, 0]]
    flat = LIF(4)
    flat.init_state()
    poisson_input(
        100 * Hz, 10_000, 1 * mV, flat.V, refractory=jnp.array([True, False, True, False])
    )
    assert (flat.V.value > 0 * mV).tolist() == [False, True, False, True]
    flat.init_state()
    poisson_input(100 * Hz, 10_000, 1 * mV, flat.V, indices=[1])
    assert (flat.V.value > 0 * mV).tolist() == [False, True, False, False]


def test_poisson_inputs_drive_a_neuron_inside_a_compiled_loop(clock):
    neuron = LIF(50)
    source = PoissonInput(neuron.prefetch("V"), None, 100, 100 * Hz, 0.1 * mV)
    brainstate.nn.init_all_states(neuron)

    def step(i):
        with brainstate.environ.context(i=i, t=i * clock):
            neuron(0 * mA)
            source.update()
            return neuron.get_spike()

    spikes = np.asarray(brainstate.transform.for_loop(step, jnp.arange(500)))
    # an arrival of 0.1 mV in every step on average, to a threshold of 1 mV with some leak
    assert 500 / 20 < spikes.sum(axis=0).mean() < 500 / 10
    assert (spikes[:, 0] != spikes[:, 1]).any()


# -- what cannot be --------------------------------------------------------------------------------

REFUSED = {
    "ConstantInput.duration must be a time, got the plain number 5; write 5 * u.ms": (
        lambda: ConstantInput(2, 1 * mA, 5)
    ),
    "ConstantInput.duration must be at least 0 ms, got -1 ms": (
        lambda: ConstantInput(2, 1 * mA, -1 * ms)
    ),
    "ConstantInput.value must be a single value or fit the population (2,), got shape (3,)": (
        lambda: ConstantInput(2, [1, 2, 3] * mA, 1 * ms)
    ),
    "ConstantInput.in_size must be a positive whole number": lambda: ConstantInput(0, 1, 1 * ms),
    "ConstantInput.value must be a number or a quantity, got 'big'": (
        lambda: ConstantInput(1, "big", 1 * ms)
    ),
    "SectionInput.durations must hold as many times as there are values, got 1 for 2": (
        lambda: SectionInput(2, [1, 2] * mA, [1] * ms)
    ),
    "SectionInput.values must be a list of at least one current": (
        lambda: SectionInput(2, [], [] * ms)
    ),
    "SectionInput.values mixes mA and plain numbers; give all the same unit": (
        lambda: SectionInput(2, [1 * mA, 2], [1, 2] * ms)
    ),
    "SectionInput.durations must be a list or a 1-D array, got shape ()": (
        lambda: SectionInput(2, [1] * mA, 1 * ms)
    ),
    "StepInput.step_times must be a time, got one in mV": (
        lambda: StepInput(2, [1, 2] * mA, [1, 2] * mV)
    ),
    "StepInput.amplitudes must not hold NaN": lambda: StepInput(2, [np.nan] * mA, [1] * ms),
    "RampInput.c_end must be a current, got one in mV": (
        lambda: RampInput(2, 1 * mA, 1 * mV, 1 * ms)
    ),
    "RampInput.duration must be above 0 ms, got 0 ms": (
        lambda: RampInput(2, 1 * mA, 1 * mA, 0 * ms)
    ),
    "SinusoidalInput.frequency must be a rate, got one in ms": (
        lambda: SinusoidalInput(2, 1 * mA, 1 * ms, 1 * ms)
    ),
    "SinusoidalInput.bias must be a current, got the plain number 1; write 1 * u.mA": (
        lambda: SinusoidalInput(2, 1 * mA, 1 * Hz, 1 * ms, bias=1.0)
    ),
    "OUProcessInput.sigma must be a current": (
        lambda: OUProcessInput(2, 1 * mA, 1 * mV, 1 * ms, 1 * ms)
    ),
    "OUProcessInput.tau must be above 0 ms, got 0 ms": (
        lambda: OUProcessInput(2, 1 * mA, 1 * mA, 0 * ms, 1 * ms)
    ),
    "WienerProcessInput.sigma must be at least 0, got -1": (
        lambda: WienerProcessInput(2, -1 * mA, 1 * ms)
    ),
    "PoissonSpike.freqs must be a rate, got the plain number 20; write 20 * u.Hz": (
        lambda: PoissonSpike(2, 20.0)
    ),
    "PoissonSpike.freqs must be at least 0 Hz, got -5 Hz": lambda: PoissonSpike(2, -5 * Hz),
    "PoissonSpike.spk_type must be a type such as bool, got 'spike'": (
        lambda: PoissonSpike(2, 5 * Hz, spk_type="spike")
    ),
    "PoissonEncoder.freqs must fit the shape (2,), got shape (3,)": (
        lambda: PoissonEncoder(2).update(jnp.ones(3) * Hz)
    ),
    "SpikeTime.indices must be between 0 and 1, got 0 to 2": (
        lambda: SpikeTime(2, [0, 2], [1, 2] * ms)
    ),
    "SpikeTime.indices must be whole numbers": lambda: SpikeTime(2, [0.5], [1] * ms),
    "SpikeTime.indices must be a list or a 1-D array, got shape (1, 1)": (
        lambda: SpikeTime(2, [[0]], [1] * ms)
    ),
    "SpikeTime.times must hold one value for each of the 2 indices, got shape (1,)": (
        lambda: SpikeTime(2, [0, 1], [1] * ms)
    ),
    "SpikeTime.times must be at least 0 ms, got -1 ms": lambda: SpikeTime(2, [0], [-1] * ms),
    "SpikeTime.times must be finite": lambda: SpikeTime(2, [0], [np.inf] * ms),
    "SpikeTime.times must be a time, got the plain number 1": lambda: SpikeTime(2, [0], [1.0]),
    "SpikeTime.weights must hold one value for each of the 1 indices, got shape (2,)": (
        lambda: SpikeTime(2, [0], [1] * ms, weights=[1, 2])
    ),
    "SpikeTime.time_as_step must be one of 'round', 'floor', 'ceil' or a function, got 'up'": (
        lambda: SpikeTime(2, [0], [1] * ms, time_as_step="up")
    ),
    "PoissonInput.target must be a state such as neuron.prefetch('V'), got a LIF": (
        lambda: PoissonInput(LIF(2), None, 1, 1 * Hz, 1 * mV)
    ),
    "PoissonInput.num_input must be a whole number of at least 0, got -1": (
        lambda: PoissonInput(LIF(2).prefetch("V"), None, -1, 1 * Hz, 1 * mV)
    ),
    "poisson_input.target must be a state such as neuron.V, got a ": (
        lambda: poisson_input(1 * Hz, 1, 1.0 * mV, jnp.zeros(2) * mV)
    ),
    "poisson_input.weight must be a potential, got the plain number 1; write 1 * u.mV": (
        lambda: poisson_input(1 * Hz, 1, 1.0, brainstate.HiddenState(jnp.zeros(2) * mV))
    ),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_what_cannot_be_is_refused_with_a_sentence(sentence, clock):
    with pytest.raises(ParameterError) as caught:
        REFUSED[sentence]()
    assert str(caught.value).startswith(sentence)
    assert caught.value.path in sentence


def test_a_poisson_input_without_a_time_step_says_how_to_set_it():
    with pytest.raises(ParameterError, match="poisson_input has no time step"):
        poisson_input(1 * Hz, 1, 1.0 * mV, brainstate.HiddenState(jnp.zeros(2) * mV))
