"""From an experiment to a recording: exact, one program for all numbers, and what goes wrong."""

import math
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

import jax
import numpy as np
import pytest
import saiunit as u
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine import (
    ALIF,
    LIF,
    Experiment,
    LIFRef,
    catalog,
    circuits,
    events,
    inputs,
    memory,
    simulate,
    simulation,
)
from engine.errors import MemoryBudgetError, ParameterError, SimulationCancelled
from engine.simulation import compile_simulation
from tests.felt import FELT

MODELS = catalog.neurons()
STIMULI = inputs.catalogue()


def clamped(model, **values):
    """Run without noise under a constant drive."""
    return simulate(model, stimulus="Constant", noise=None, **values)


def differs(a, b):
    """Whether two recordings show anything else."""
    same = a.n_steps == b.n_steps and np.array_equal(a.spike_steps, b.spike_steps)
    same = same and np.array_equal(a.spike_neurons, b.spike_neurons)
    return not same or any(not np.array_equal(a.traces[n], b.traces[n]) for n in a.traces)


@pytest.fixture
def short_chunks(monkeypatch):
    """Programs that advance by 64 steps a call, kept apart from the other tests' programs."""
    monkeypatch.setattr(memory, "LONGEST_CHUNK", 64)
    monkeypatch.setattr(simulation, "_programs", OrderedDict())
    monkeypatch.setattr(circuits, "_noise_cache", OrderedDict())


# ---------------------------------------------------------------- one program for all numbers


def experiment_for(model, stimulus):
    values = FELT.get(model, {}) | {"stimulus": stimulus, "n": 6}
    return Experiment(MODELS[model]).update(values)


def moved(spec):
    """Give another value on the slider of a parameter."""
    low, high = spec.soft
    start = spec.default_number
    value = start + 0.13 * (high - start) if start < high else low + 0.002 * (high - low)
    return float(round(value)) if spec.integer or spec.symbol == "K" else value


MOVES = [(m, "Step", p) for m in MODELS for p in experiment_for(m, "Step").specs]
MOVES += [
    ("LIF", s, p)
    for s in STIMULI
    if s != "Step"
    for p in experiment_for("LIF", s).specs
    if p.startswith("stimulus.")
]
MOVES = [move for move in MOVES if move[2] != "n"]


@pytest.mark.parametrize(("model", "stimulus", "path"), MOVES)
def test_a_moved_number_changes_the_result_and_compiles_nothing(
    model, stimulus, path, compilations
):
    experiment = experiment_for(model, stimulus)
    before = simulate(experiment)
    with compilations() as compiled:
        after = simulate(experiment.set(path, moved(experiment.specs[path])))
    assert compiled == []
    assert after.timing.compile == 0.0
    # the shape of a surrogate gradient is seen by gradients only
    assert differs(before, after) == (not path.startswith("spk_fun."))


@pytest.mark.parametrize("path", ["tau.spread", "V_rest.spread", "V_initializer.spread"])
def test_a_moved_spread_changes_the_result_and_compiles_nothing(path, compilations):
    experiment = Experiment(LIF).set("n", 6).set(path, 0.1)
    before = simulate(experiment)
    with compilations() as compiled:
        after = simulate(experiment.set(path, 0.4))
    assert compiled == []
    assert differs(before, after)


def test_the_counter_sees_what_has_to_be_compiled(compilations):
    simulate(LIF, n=6)
    for values in ({"n": 9}, {"spk_reset": "hard", "n": 9}, {"R.spread": 0.1, "n": 9}):
        with compilations() as compiled:
            recording = simulate(Experiment(LIF).update(values))
        assert compiled != []
        assert recording.timing.compile > 0
        assert simulate(Experiment(LIF).update(values)).timing.compile == 0


def test_a_run_longer_than_a_chunk_compiles_nothing(compilations):
    experiment = Experiment(LIF).set("n", 6)
    chunk = compile_simulation(experiment.structure).chunk
    short = simulate(experiment)
    with compilations() as compiled:
        long = simulate(experiment, duration=(chunk + 1000) * 0.1 * u.ms)
    assert compiled == []
    assert long.n_steps == chunk + 1000
    assert np.array_equal(long.traces["V"][:10_000], short.traces["V"])
    assert np.isfinite(long.traces["V"]).all()


def test_another_number_type_is_the_same_number(compilations):
    before = simulate(LIF, n=6, tau=20 * u.ms)
    with compilations() as compiled:
        for tau in (20.0 * u.ms, np.float64(20) * u.ms, np.float32(20) * u.ms, 0.02 * u.second):
            assert not differs(simulate(LIF, n=6, tau=tau), before)
    assert compiled == []


def test_two_threads_compile_a_structure_once():
    with ThreadPoolExecutor(3) as pool:
        runs = list(pool.map(lambda _: simulate(LIF, n=11, duration=20 * u.ms), range(3)))
    assert sum(run.timing.compile > 0 for run in runs) == 1
    assert not any(differs(run, runs[0]) for run in runs)


def test_programs_are_forgotten_beyond_a_number(monkeypatch):
    monkeypatch.setattr(simulation, "_programs", OrderedDict())
    monkeypatch.setattr(simulation, "PROGRAMS_AT_MOST", 2)
    monkeypatch.setattr(simulation, "_compile", lambda structure: structure)
    structures = [Experiment(LIF).set("n", n).structure for n in (1, 2, 3)]
    for structure in structures:
        compile_simulation(structure)
    assert list(simulation._programs) == structures[1:]


# ---------------------------------------------------------------- what is known in closed form

DT = 0.1


def interval(recording, n=1):
    gaps = np.diff(recording.spike_steps[recording.spike_neurons == 0]) * DT
    assert len(gaps) > 3
    return gaps


DRIVES = st.tuples(st.floats(3, 40), st.floats(0.5, 4), st.floats(1.05, 4), st.floats(0.5, 2))


@settings(max_examples=40)
@given(DRIVES)
def test_the_rate_of_a_leaky_neuron_is_that_of_the_closed_form(drive):
    tau, R, strength, V_th = drive
    current = strength * V_th / R
    period = tau * math.log(R * current / (R * current - V_th))
    assume(5 * DT < period < 60)
    recording = clamped(
        LIF,
        n=1,
        spk_reset="hard",
        tau=tau * u.ms,
        R=R * u.ohm,
        V_th=V_th * u.mV,
        stimulus__amplitude=current * u.mA,
        duration=400 * u.ms,
        dt=DT * u.ms,
    )
    gaps = interval(recording)
    assert np.all(np.abs(gaps - period) < DT * 1.01)
    assert len(set(gaps.round(6))) == 1


@settings(max_examples=25)
@given(DRIVES, st.integers(0, 100))
def test_a_refractory_period_is_added_to_every_interval(drive, steps):
    tau, R, strength, V_th = drive
    values = {
        "n": 1,
        "spk_reset": "hard",
        "tau": tau * u.ms,
        "R": R * u.ohm,
        "V_th": V_th * u.mV,
        "stimulus__amplitude": strength * V_th / R * u.mA,
        "duration": 600 * u.ms,
        "dt": DT * u.ms,
    }
    period = tau * math.log(strength / (strength - 1))
    assume(period < 60)
    free = interval(clamped(LIF, **values))
    held = interval(clamped(LIFRef, tau_ref=steps * DT * u.ms, **values))
    # the step after the spike is both the first of the period and the reset
    assert held == pytest.approx(free[0] + max(steps - 1, 0) * DT, abs=1e-6)
    assert abs(held[0] - (period + steps * DT)) < 1.01 * DT


def test_a_refractory_period_has_the_same_length_late_in_a_run():
    values = {"n": 1, "spk_reset": "hard", "tau_ref": 5 * u.ms, "stimulus__amplitude": 50 * u.mA}
    recording = clamped(LIFRef, duration=20_000 * u.ms, **values)
    assert set(np.diff(recording.spike_steps)) == {51}


def test_the_potential_relaxes_as_the_closed_form_says():
    recording = clamped(
        LIF, n=1, tau=7 * u.ms, V_initializer=-1 * u.mV, stimulus__amplitude=0.5 * u.mA
    )
    t = recording.times + recording.dt
    expected = 0.5 + (-1 - 0.5) * np.exp(-t / 7)
    np.testing.assert_allclose(recording.traces["V"][:, 0], expected, atol=2e-6)


def test_adaptation_lengthens_the_intervals_and_raises_the_threshold():
    recording = clamped(ALIF, n=1, beta=0.5 * u.mV)
    gaps = interval(recording)
    assert gaps[0] < gaps[3] <= gaps[-1] + DT
    threshold = recording.traces["threshold"][:, 0]
    assert threshold[0] == 1.0
    np.testing.assert_allclose(threshold, 1.0 + 0.5 * recording.traces["a"][:, 0], rtol=1e-6)


def test_noise_is_stationary_from_the_first_step():
    n = 4000
    recording = simulate(
        LIF,
        n=n,
        watched=range(n),
        stimulus=inputs.Constant(0.0),
        duration=3 * u.ms,
        noise__tau=5 * u.ms,
    )
    sigma = recording.experiment["noise.sigma"]
    deviation = recording.traces["input"].std(axis=1)
    np.testing.assert_allclose(deviation, sigma, rtol=0.06)
    correlation = np.corrcoef(recording.traces["input"][:2])[0, 1]
    assert correlation == pytest.approx(math.exp(-0.1 / 5), abs=0.005)


# ---------------------------------------------------------------- randomness


def test_what_is_watched_does_not_change_what_happens(monkeypatch):
    monkeypatch.setattr(memory, "CHUNK_BYTES", 300_000)
    monkeypatch.setattr(simulation, "_programs", OrderedDict())
    one = simulate(LIF, n=100, duration=400 * u.ms)
    assert compile_simulation(one.experiment.structure).chunk < 1000
    many = simulate(LIF, n=100, duration=400 * u.ms, watched=range(100))
    assert np.array_equal(one.spike_steps, many.spike_steps)
    assert np.array_equal(one.spike_neurons, many.spike_neurons)
    assert np.array_equal(one.traces["V"][:, 0], many.traces["V"][:, 0])


def test_every_model_and_every_step_gets_the_same_noise_from_a_seed(monkeypatch):
    monkeypatch.setattr(memory, "CHUNK_BYTES", 300_000)
    monkeypatch.setattr(simulation, "_programs", OrderedDict())
    values = {"n": 100, "duration": 300 * u.ms, "noise__sigma": 0.4 * u.mA, "seed": 3}
    a, b = (simulate(m, stimulus=inputs.Constant(1.0), **values) for m in (LIF, ALIF))
    assert np.array_equal(a.traces["input"], b.traces["input"])


def test_no_two_neurons_and_no_two_chunks_get_the_same_noise(short_chunks):
    recording = simulate(
        LIF, n=3, watched=(0, 1, 2), stimulus=inputs.Constant(0.0), duration=13 * u.ms
    )
    noise = recording.traces["input"]
    assert abs(np.corrcoef(noise.T)[0, 1]) < 0.9
    kicks = noise[1:] - math.exp(-0.1 / 5) * noise[:-1]
    assert not np.allclose(kicks[:60], kicks[64:124], atol=1e-3)


@pytest.mark.parametrize(
    ("path", "spread", "measure"),
    [
        ("tau", 0.3, lambda x: x.std() / x.mean()),
        ("R", 0.6, lambda x: x.std() / x.mean()),
        ("V_rest", 0.2, np.std),
        ("V_th", 0.1, np.std),
    ],
)
def test_a_spread_has_its_declared_width_around_the_value(path, spread, measure):
    experiment = Experiment(LIF).update({"n": 20_000, f"{path}.spread": spread, path: 3})
    drawn = drawn_values(experiment)[path]
    assert measure(drawn) == pytest.approx(spread, rel=0.05)
    assert drawn.mean() == pytest.approx(3.0, rel=0.03)
    if experiment.specs[path].hard.low == 0:
        assert drawn.min() > 0


def drawn_values(experiment, seed=0):
    structure = experiment.structure
    numbers = np.array([experiment[p] for p in structure.paths], np.float32)
    key = np.array([0, seed], np.uint32)
    begin = jax.jit(simulation._init, static_argnums=(0, 1))
    fixed = begin(structure.circuit, structure.paths, numbers, key)["fixed"]
    return {name: np.asarray(values) for name, values in fixed.items()}


def test_two_spreads_and_two_seeds_are_drawn_independently():
    experiment = Experiment(LIF).update({"n": 5000, "tau.spread": 0.3, "R.spread": 0.3})
    one, other = drawn_values(experiment), drawn_values(experiment, seed=1)
    for a, b in ((one["tau"], one["R"]), (one["tau"], other["tau"])):
        assert abs(np.corrcoef(a, b)[0, 1]) < 0.05


def test_a_spread_makes_neurons_fire_at_different_rates():
    values = {"n": 50, "duration": 500 * u.ms}
    alike = clamped(LIF, **values)
    spread = simulate(
        Experiment(LIF).update({"stimulus": "Constant", "noise": "None", "R.spread": 0.2}), **values
    )
    counts = np.bincount(alike.spike_neurons, minlength=50)
    assert len(set(counts)) == 1
    assert len(set(np.bincount(spread.spike_neurons, minlength=50))) > 5


# ---------------------------------------------------------------- recordings


def test_a_recording_holds_every_state_of_the_watched_neurons_with_its_unit():
    recording = simulate(ALIF, n=6, watched=(4, 1), duration=200 * u.ms)
    assert set(recording.traces) == {"V", "a", "input", "threshold"}
    for name, unit in {"V": u.mV, "a": u.UNITLESS, "input": u.mA, "threshold": u.mV}.items():
        assert recording.traces[name].shape == (2000, 2)
        assert recording.traces[name].dtype == np.float32
        assert u.get_dim(recording[name]) == unit.dim
    with pytest.raises(ParameterError, match="no trace 'W' in ALIF"):
        recording["W"]


def test_the_spikes_are_the_crossings_of_the_recorded_threshold():
    recording = simulate(ALIF, n=6, watched=range(6), duration=300 * u.ms)
    step, neuron = np.nonzero(recording.traces["V"] >= recording.traces["threshold"])
    found = sorted(zip(recording.spike_steps, recording.spike_neurons, strict=True))
    assert found == sorted(zip(step, neuron, strict=True))
    assert len(found) == recording.spike_count > 20


def test_watched_neurons_are_columns_of_all_neurons():
    everyone = simulate(LIF, n=6, watched=range(6), duration=100 * u.ms)
    some = simulate(LIF, n=6, watched=(5, 2), duration=100 * u.ms)
    assert np.array_equal(some.traces["V"], everyone.traces["V"][:, [5, 2]])


@pytest.mark.parametrize("watched", [3, np.int64(3), [3], np.array([3])])
def test_one_neuron_can_be_watched_by_its_number(watched):
    assert simulate(LIF, n=6, watched=watched, duration=10 * u.ms).experiment.watched == (3,)


def test_times_and_rates_follow_from_the_spikes():
    recording = simulate(LIF, n=6, duration=500 * u.ms, dt=0.2 * u.ms)
    assert recording.n_steps == 2500
    assert recording.times[-1] == pytest.approx(499.8)
    np.testing.assert_allclose(recording.spike_times, recording.spike_steps * 0.2)
    assert np.all(np.diff(recording.spike_steps) >= 0)
    assert recording.rate == pytest.approx(recording.spike_count / 6 / 0.5)


def test_a_recording_is_written_with_its_units_and_its_experiment(tmp_path):
    recording = simulate(ALIF, n=6, watched=(1, 2), duration=100 * u.ms)
    recording.save(tmp_path / "run.npz")
    with np.load(tmp_path / "run.npz") as file:
        for name, trace in recording.traces.items():
            assert np.array_equal(file[name], trace)
        assert str(file["unit of V"]) == "mV"
        assert str(file["unit of a"]) == ""
        assert np.array_equal(file["spike_times"], recording.spike_times)
        assert np.array_equal(file["spike_neurons"], recording.spike_neurons)
        again = Experiment.from_json(str(file["experiment"]))
    assert not differs(simulate(again), recording)


@settings(max_examples=40)
@given(
    st.integers(1, 300) | st.integers(257, 1000),
    st.integers(1, 6),
    st.floats(0, 1),
    st.integers(0, 99),
)
def test_packed_spikes_are_unpacked_as_they_were(n, steps, share, seed):
    spikes = np.random.default_rng(seed).random((steps, n)) < share
    words = np.stack([np.asarray(events.pack_spikes(row)) for row in spikes])
    assert words.nbytes <= steps * max(n // 8 + 4, events.MOST_UNPACKED)
    step, neuron = events.unpack_spikes(words)
    again = np.zeros((steps, n), bool)
    again[step, neuron] = True
    assert np.array_equal(again, spikes)
    assert len(step) == spikes.sum()
    assert np.all(np.diff(step) >= 0)


# ---------------------------------------------------------------- chunks, progress, cancelling


def test_a_long_run_shows_what_there_is_so_far(short_chunks, monkeypatch):
    monkeypatch.setattr(simulation, "PART_SECONDS", 0.0)
    parts = []
    whole = simulate(ALIF, n=20, duration=100 * u.ms, on_part=parts.append)
    sizes = [part.n_steps for part in parts]
    assert 0 < sizes[0] < sizes[-1] < whole.n_steps
    assert sizes == sorted(set(sizes))
    for part in parts:
        seen = whole.spike_steps < part.n_steps
        assert np.array_equal(part.traces["V"], whole.traces["V"][: part.n_steps])
        assert np.array_equal(part.spike_steps, whole.spike_steps[seen])
        assert np.array_equal(part.spike_neurons, whole.spike_neurons[seen])


def test_a_chunked_run_is_the_whole_run_bit_for_bit(short_chunks):
    values = {"n": 7, "duration": 100 * u.ms, "watched": (0, 6), "stimulus": "Step", "noise": None}
    values |= {"stimulus__start": 5 * u.ms, "V_initializer": 0.5 * u.mV}
    told = []
    chunked = simulate(ALIF, on_progress=told.append, **values)
    assert len(told) == math.ceil(1000 / 64)
    simulation._programs.clear()
    memory.LONGEST_CHUNK = 4096
    whole = simulate(ALIF, on_progress=told.append, **values)
    assert len(told) == math.ceil(1000 / 64) + 1
    assert whole.spike_count > 10
    assert not differs(chunked, whole)


def test_progress_is_told_up_to_the_end(short_chunks):
    told = []
    simulate(LIF, n=7, duration=30 * u.ms, on_progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) == math.ceil(300 / 64)


def test_a_run_that_nobody_waits_for_is_given_up(short_chunks):
    asked, told = [], []

    def should_stop():
        asked.append(1)
        return len(asked) > 2

    with pytest.raises(SimulationCancelled, match="stopped because a newer one replaced it"):
        simulate(LIF, n=7, duration=100 * u.ms, should_stop=should_stop, on_progress=told.append)
    assert (len(asked), len(told)) == (3, 2)
    assert simulate(LIF, n=7, duration=100 * u.ms).n_steps == 1000


def test_a_run_can_be_stopped_from_another_thread(short_chunks):
    stop = threading.Event()
    with pytest.raises(SimulationCancelled):
        simulate(
            LIF,
            n=7,
            duration=100_000 * u.ms,
            should_stop=stop.is_set,
            on_progress=lambda fraction: stop.set(),
        )


# ---------------------------------------------------------------- what goes wrong


@pytest.fixture
def explosive(monkeypatch):
    """A leaky neuron with the sign of its leak turned round, and no threshold in reach."""
    monkeypatch.setattr(simulation, "_programs", OrderedDict())
    monkeypatch.setattr(LIF, "drift", lambda self, V, x: (V + self.R * x) / (0.05 * self.tau))
    return {"n": 3, "V_th": 1e30 * u.mV, "duration": 100 * u.ms}


def test_a_diverged_run_is_cut_where_it_diverged_and_says_so(explosive):
    recording = simulate(LIF, **explosive)
    assert 10 < recording.n_steps < 1000
    for trace in recording.traces.values():
        assert np.isfinite(trace).all()
    assert np.all(recording.spike_steps < recording.n_steps)
    cut = recording.n_steps * 0.1
    assert recording.problem == f"the simulation diverged at {cut:g} ms; choose a smaller dt"


def test_a_run_that_stays_finite_has_no_problem():
    assert simulate(LIF, n=6).problem == ""


def test_a_run_that_does_not_fit_is_refused_before_it_compiles(monkeypatch, compilations):
    monkeypatch.setenv("SPIKESCOPE_MEMORY_MB", "10")
    with compilations() as compiled, pytest.raises(MemoryBudgetError, match="choose fewer neurons"):
        simulate(LIF, n=123_456)
    assert compiled == []


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"tau": 20}, "tau must be a time, got the plain number 20; write 20 * u.ms"),
        ({"tau": np.float32(20)}, "tau must be a time, got the plain number 20; write 20 * u.ms"),
        ({"duration": 100}, "duration must be a time, got the plain number 100; write 100 * u.ms"),
        ({"taw": 20 * u.ms}, "no parameter 'taw' in LIF; did you mean 'tau'?"),
        ({"stimulus__strt": 1 * u.ms}, "no parameter 'stimulus.strt' in LIF; did you mean"),
        ({"dt": 4 * u.ms}, "dt must be at most half of the fastest time constant, tau = 5 ms"),
        ({"watched": 7, "n": 5}, "watched neurons must be between 0 and 4, got (7,)"),
        ({"stimulus": inputs.Constant(1 * u.mV)}, "stimulus.amplitude must be a current"),
        ({"model": "LIFF"}, "model must be one of "),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_before_anything_runs(
    values, sentence, compilations
):
    with compilations() as compiled, pytest.raises(ParameterError) as error:
        simulate(LIF, **values)
    assert str(error.value).startswith(sentence)
    assert compiled == []


# ---------------------------------------------------------------- calling


def test_a_stimulus_instance_is_its_kind_and_its_numbers():
    by_instance = simulate(
        LIF, n=6, stimulus=inputs.Step(2 * u.mA, start=30 * u.ms), noise=inputs.OUNoise(sigma=0.5)
    )
    by_name = simulate(
        LIF,
        n=6,
        stimulus="Step",
        stimulus__amplitude=2 * u.mA,
        stimulus__start=30 * u.ms,
        noise__sigma=0.5 * u.mA,
    )
    assert not differs(by_instance, by_name)
    assert by_instance.experiment["noise.sigma"] == 0.5


def test_a_model_and_its_experiment_run_alike():
    experiment = Experiment(LIF).set("n", 6).set("tau", 9)
    assert not differs(simulate(experiment), simulate(LIF, n=6, tau=9 * u.ms))
    assert simulate(experiment, tau=8 * u.ms).experiment["tau"] == 8.0


def test_noise_is_left_out_with_none():
    for none in (None, "None"):
        assert simulate(LIF, n=6, noise=none).experiment.noise is None


def test_a_run_may_be_shorter_than_a_step():
    assert simulate(LIF, n=6, duration=0.01 * u.ms).n_steps == 1


@pytest.mark.parametrize("given", ["abc", "-5", "nan", ""])
def test_a_memory_budget_that_is_no_number_is_refused_with_a_sentence(monkeypatch, given):
    monkeypatch.setenv(memory.BUDGET_VARIABLE, given)
    with pytest.raises(ParameterError, match="must be a positive number"):
        memory.budget()


def test_a_plain_number_is_refused_where_a_unit_belongs_in_the_stimulus_too():
    with pytest.raises(ParameterError, match=r"stimulus\.amplitude must be a current"):
        simulate(LIF, stimulus__amplitude=2.0)


def test_a_neuron_that_diverges_unseen_is_reported_too():
    recording = simulate(LIF, n=3, duration=20 * u.ms)
    carry = {"states": {"V": u.Quantity(np.array([0.0, 0.0, np.nan]), unit=u.mV)}}
    assert "diverged" in simulation._checked(recording, carry).problem
    assert not recording.problem
