"""A synapse between spikes and a cell: against closed forms, against its parts, and as a value."""

import itertools

import brainstate
import jax.numpy as jnp
import numpy as np
import pytest
import saiunit as u
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import (
    AMPA,
    COBA,
    STP,
    Alpha,
    BioNMDA,
    DualExpon,
    Expon,
    ParameterError,
    SynapseExperiment,
    catalog,
    memory,
    postsynaptic,
    simulate,
    simulation,
    trains,
)
from engine.analysis import synaptic
from engine.base_experiment import NOTHING, read
from engine.synapse_experiment import kernels, short_term
from engine.trains import DrawnTrain
from tests import own

KERNELS = sorted(kernels())
LANE = ("synapse", "plasticity", "output", "learning")


def run(synapse=Expon, **values):
    """Simulate a synapse; a dot in a path is written as two underscores."""
    given = {path.replace("__", "."): value for path, value in values.items()}
    return simulate(SynapseExperiment(synapse).update({"duration": 300.0} | given))


def trace(recording, name):
    return recording.traces[name][:, 0]


def every_choice():
    """Each option of each place, at least once."""
    start = SynapseExperiment()
    yield start
    for path, spec in start.choice_specs.items():
        for option in spec.options:
            yield start.set(path, option)
    full = start.update({"B.synapse": "BioNMDA", "plasticity": "STP"})
    for path, spec in full.choice_specs.items():
        if path.startswith("B."):
            yield full.set(path, spec.options[-1])


@pytest.mark.parametrize("experiment", list(every_choice()), ids=lambda e: str(e.differences()))
def test_every_choice_gives_a_finite_run_of_what_it_says(experiment):
    recording = simulate(experiment.update({"duration": 200.0}))
    assert recording.problem == ""
    for prefix in experiment.lanes:
        for name in ("g", "I", "V", "threshold"):
            assert np.isfinite(recording.traces[f"{prefix}{name}"]).all()
        assert trace(recording, f"{prefix}g").min() >= 0


@pytest.mark.parametrize("name", KERNELS)
def test_every_synapse_answers_to_a_spike_and_is_quiet_before(name):
    recording = run(kernels()[name], train="PairedPulses", g_max=5.0)
    g, first = trace(recording, "g"), recording.experiment.arrival_steps[0]
    assert g[:first].max(initial=0.0) == 0.0
    assert g[first:].max() > 0.05
    assert trace(recording, "V").max() > -65.0 + 0.05


# -- closed forms ------------------------------------------------------------------------------


def test_an_exponential_conductance_is_an_exponential():
    recording = run(Expon, train="PairedPulses", train__interval=400.0, synapse__tau=7.0, g_max=3.0)
    t = recording.times - 100.0
    expected = np.where(t > -1e-6, 3.0 * np.exp(-t / 7.0), 0.0)
    assert trace(recording, "g") == pytest.approx(expected, abs=1e-4)


def test_the_peaks_of_the_kernels_are_those_of_their_formulas():
    once = {"train": "PairedPulses", "train__interval": 400.0, "g_max": 10.0, "dt": 0.01}
    dual = run(DualExpon, **once)
    assert trace(dual, "g").max() == pytest.approx(10.0, rel=1e-3)
    peak = dual.times[trace(dual, "g").argmax()] - 100.0
    assert peak == pytest.approx(np.log(10.0) * 10.0 / 9.0, abs=0.03)
    alpha = run(Alpha, **once)
    assert trace(alpha, "g").max() == pytest.approx(10.0 / np.e, rel=2e-3)


def test_the_psp_of_a_current_is_the_difference_of_two_exponentials():
    recording = run(
        Expon,
        output="CUBA",
        train="PairedPulses",
        train__interval=400.0,
        synapse__tau=5.0,
        g_max=2.0,
        dt=0.01,
    )
    t, tau, tau_s = np.maximum(recording.times - 100.0, 0.0), 20.0, 5.0
    drive = 2.0 * 65.0 * 100.0 * 1e-3  # nS mV MOhm = mV / 1000
    expected = -65.0 + drive * tau_s / (tau - tau_s) * (np.exp(-t / tau) - np.exp(-t / tau_s))
    assert trace(recording, "V") == pytest.approx(expected, abs=0.01)


def test_a_strong_conductance_holds_the_cell_at_its_reversal_potential():
    values = {"train__rate": 200.0, "train__count": 60, "output__E": -40.0, "post__V_th": 50.0}
    recording = run(Expon, g_max=5000.0, **values)
    assert trace(recording, "V")[2000:].max() == pytest.approx(-40.0, abs=0.1)


def test_magnesium_blocks_as_jahr_and_stevens_found():
    """The unblocked part at -60, -20 and 40 mV for 1 mM (their equation, figure 4)."""
    for V in (-60.0, -20.0, 40.0):
        values = {"post": "VoltageClamp", "post__V_hold": V, "output__cc_Mg": 1.0, "g_max": 1.0}
        free = run(BioNMDA, output="COBA", **{k: v for k, v in values.items() if "Mg" not in k})
        blocked = run(BioNMDA, output="MgBlock", **values)
        part = trace(blocked, "I")[1500] / trace(free, "I")[1500]
        assert part == pytest.approx(1 / (1 + np.exp(-0.062 * V) / 3.57), rel=1e-4)
        assert (trace(blocked, "V") == np.float32(V)).all()


def test_depression_follows_its_recursion():
    U, tau, interval = 0.4, 300.0, 50.0
    recording = run(
        Expon,
        plasticity="STD",
        plasticity__U=U,
        plasticity__tau=tau,
        train__rate=1e3 / interval,
        train__count=4,
        train__pause=0.0,
    )
    released = trace(recording, "plasticity.release")[recording.experiment.arrival_steps]
    assert released[0] == 1.0
    for before, after in itertools.pairwise(released):
        left = before * (1 - U)
        assert after == pytest.approx(1 - (1 - left) * np.exp(-interval / tau), rel=2e-3)
    ratio = synaptic.paired_pulse_ratio(released)
    assert ratio == pytest.approx(1 - U * np.exp(-interval / tau), rel=2e-3)


def test_facilitation_and_depression_are_told_apart_by_the_paired_pulse_ratio():
    pair = {"train": "PairedPulses", "train__interval": 30.0, "plasticity": "STP"}

    def ratio(**values):
        recording = run(Expon, **pair, **values)
        found = synaptic.responses(trace(recording, "g"), recording.experiment.arrival_steps)
        return synaptic.paired_pulse_ratio(found)

    assert ratio(plasticity__U=0.05, plasticity__tau_f=800.0, plasticity__tau_d=30.0) > 1.3
    assert ratio(plasticity__U=0.5, plasticity__tau_f=10.0, plasticity__tau_d=800.0) < 0.8


def test_a_spike_behind_the_synapse_strengthens_it_and_without_one_nothing_is_learned():
    learning = {"learning": "PairSTDP", "train__count": 12, "train__pause": 0.0, "duration": 800.0}
    silent = run(Expon, g_max=1.0, **learning)
    assert silent.spike_count == 0
    assert np.ptp(trace(silent, "learning.w")) == 0.0
    firing = run(Expon, g_max=80.0, **learning)
    assert firing.spike_count > 0
    assert trace(firing, "learning.w")[-1] > trace(firing, "learning.w")[0]


# -- against its parts -------------------------------------------------------------------------


def test_the_compiled_chain_is_the_chain_of_its_parts():
    """Stepped by hand, outside of the compiled loop."""
    experiment = SynapseExperiment(AMPA).update(
        {
            "plasticity": "STP",
            "train.rate": 120.0,
            "train.start": 4.0,
            "duration": 40.0,
            "dt": 0.25,
            "g_max": 30.0,
        }
    )
    recording = simulate(experiment)
    stp, synapse, cell = STP(1), AMPA(1, g_initializer=0.0), postsynaptic.Cell(1)
    stage, T = COBA(), AMPA.T.default
    for part in (stp, synapse, cell):
        part.init_state()
    cell.add_current_input("synapse", stage)
    spikes = np.zeros(recording.n_steps, np.float32)
    spikes[experiment.arrival_steps] = 1.0
    found, share = [], 1.0
    for i, spike in enumerate(spikes):
        with brainstate.environ.context(dt=0.25 * u.ms, i=i, t=i * 0.25 * u.ms):
            released = stp.update(jnp.array([spike]))
            share = float(released[0]) if spike else share
            synapse.T = T * share
            stage.bind_cond(30.0 * u.nS * synapse.update(jnp.array([spike])))
            cell.update(jnp.zeros(1) * u.pA)
        found.append(float(cell.V.value.to_decimal(u.mV)[0]))
    assert trace(recording, "V") == pytest.approx(np.array(found), abs=2e-3)
    assert np.ptp(found) > 0.1


def test_two_equal_synapses_answer_equally():
    recording = run(DualExpon, B__synapse="DualExpon", plasticity="STD", B__plasticity="STD")
    for name in ("g", "I", "V", "plasticity.x"):
        assert trace(recording, name).tolist() == trace(recording, f"B.{name}").tolist()


def test_the_second_synapse_has_its_own_numbers_and_leaves_the_first_alone():
    alone = run(AMPA)
    both = run(AMPA, B__synapse="BioNMDA", B__output="MgBlock", B__g_max=20.0)
    assert trace(both, "V").tolist() == trace(alone, "V").tolist()
    assert trace(both, "B.g").max() > trace(both, "g").max()


@pytest.fixture
def short_chunks(monkeypatch):
    monkeypatch.setattr(memory, "LONGEST_CHUNK", 64)
    monkeypatch.setattr(simulation, "_programs", type(simulation._programs)())


def test_a_run_in_pieces_is_the_run_in_one(short_chunks):
    pieces = run(AMPA, plasticity="STP")
    assert len(trace(pieces, "V")) == 3000
    simulation._programs.clear()
    memory.LONGEST_CHUNK = 10_240
    whole = run(AMPA, plasticity="STP")
    for name in whole.traces:
        assert trace(pieces, name).tolist() == trace(whole, name).tolist()


# -- without compiling -------------------------------------------------------------------------

FULL = SynapseExperiment().update(
    {
        "plasticity": "STP",
        "learning": "TripletSTDP",
        "B.synapse": "BioNMDA",
        "B.output": "MgBlock",
        "B.plasticity": "STD",
        "g_max": 40.0,
        "train.rate": 40.0,
        "duration": 300.0,
    }
)


def test_no_number_of_it_ever_compiles(compilations):
    experiment = FULL
    simulate(experiment)
    with compilations() as names:
        for path, spec in FULL.specs.items():
            low, high = spec.soft
            value = low + 0.37 * (high - low)
            changed = FULL.set(path, round(value) if spec.integer else value)
            if not changed.problems():
                simulate(changed)
    assert names == []


@pytest.mark.parametrize("path", [p for p in SynapseExperiment().specs if p != "seed"])
def test_every_number_changes_what_comes_out(path):
    start = SynapseExperiment().update({"duration": 700.0, "g_max": 60.0, "train.rate": 150.0})
    before = simulate(start)
    assert before.spike_count > 0
    spec = start.specs[path]
    low, high = spec.soft
    value = low + (0.05 if path == "dt" else 0.43) * (high - low)
    after = simulate(start.set(path, round(value) if spec.integer else value))
    same = {n: trace(after, n).tolist() == trace(before, n).tolist() for n in before.traces}
    assert not all(same.values())


# -- as a value --------------------------------------------------------------------------------


@st.composite
def synapse_experiments(draw):
    experiment = SynapseExperiment()
    for path in ("synapse", "B.synapse", *LANE[1:], "train", "post"):
        if draw(st.booleans()):
            spec = experiment.choice_specs[path]
            experiment = experiment.set(path, draw(st.sampled_from(spec.options)))
    for path, spec in experiment.choice_specs.items():
        if path.startswith("B.") and path != "B.synapse" and draw(st.booleans()):
            experiment = experiment.set(path, draw(st.sampled_from(spec.options)))
    for path in draw(st.sets(st.sampled_from(list(experiment.specs)), max_size=5)):
        spec = experiment.specs[path]
        value = draw(st.floats(*spec.soft).filter(spec.hard.contains))
        experiment = experiment.set(path, round(value) if spec.integer else value)
    if experiment.sequence_specs:
        times = draw(st.lists(st.floats(0.0, 5000.0), max_size=20))
        experiment = experiment.set("train.times", times)
    return experiment


def same(one, other):
    return one.slots == other.slots and {p: one[p] for p in one} == {p: other[p] for p in other}


@settings(max_examples=60)
@given(synapse_experiments())
def test_a_synapse_survives_its_file(experiment):
    again = read(experiment.to_json())
    assert same(again, experiment)
    assert again.structure == experiment.structure


def test_a_row_of_times_is_read_sorted_and_freed_of_repetitions():
    experiment = SynapseExperiment().set("train", "DrawnTrain")
    for text in ("30, 10 20 10", "30;10;20", "30,10,20", "10 ms 20 ms 30 ms", "0.01 s 20 30"):
        assert experiment.set("train.times", text)["train.times"] == (10.0, 20.0, 30.0), text
    assert experiment.set("train.times", [20 * u.ms, 10 * u.ms])["train.times"] == (10.0, 20.0)
    assert experiment.set("train.times", "")["train.times"] == ()
    assert experiment.arrivals.tolist() == []


@pytest.mark.parametrize("text", ["ten", "-5", "nan", "10 mV", "1 2 x"])
def test_times_that_are_none_are_refused_by_their_path(text):
    experiment = SynapseExperiment().set("train", "DrawnTrain")
    with pytest.raises(ParameterError, match=r"train\.times"):
        experiment.set("train.times", text)


def test_too_many_drawn_spikes_are_refused():
    experiment = SynapseExperiment().set("train", "DrawnTrain")
    with pytest.raises(ParameterError, match=r"at most 1,000"):
        experiment.set("train.times", list(range(1001)))


def test_drawn_spikes_drive_the_synapse():
    experiment = SynapseExperiment(Expon).update({"train": "DrawnTrain", "duration": 100.0})
    quiet = simulate(experiment)
    assert trace(quiet, "g").max() == 0.0
    driven = simulate(experiment.set("train.times", [20.0, 50.0]))
    jumps = np.flatnonzero(np.diff(trace(driven, "g")) > 1.0) + 1
    assert jumps.tolist() == [200, 500]
    assert driven.experiment.slots["train"] is DrawnTrain


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("synapse", "AMPAA", "AMPA"),
        ("g_max", "-1 nS", "g_max"),
        ("g_max", "3 mV", "conductance"),
        ("synapse.tau", 3.0, "synapse.tau"),
        ("B.output.E", 3.0, "B.output.E"),
        ("output", "None", "output"),
        ("train", "Sine", "train"),
        ("n", 5, "n"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence_that_names_it(path, value, says):
    with pytest.raises(ParameterError, match=says):
        SynapseExperiment().set(path, value)


def test_a_step_that_is_too_long_for_the_transmitter_is_a_problem():
    problems = SynapseExperiment().set("dt", 0.4).problems()
    assert any("synapse.T_dur" in str(problem) for problem in problems)


def test_leaving_the_second_synapse_takes_its_places_along():
    both = SynapseExperiment().update({"B.synapse": "Expon", "B.plasticity": "STP", "B.g_max": 2.0})
    one = both.set("B.synapse", NOTHING)
    assert one.lanes == ("",)
    assert not [p for p in one if p.startswith("B.") and p != "B.synapse"]


def test_every_synapse_of_the_catalogue_has_its_place():
    assert set(kernels()) | set(short_term()) == set(catalog.synapses())
    assert set(trains.catalogue()) == set(SynapseExperiment().choice_specs["train"].options)


@pytest.mark.usefixtures("own_classes")
def test_a_synapse_of_ones_own_is_offered_and_runs():
    class _Base(Expon):
        pass

    class Sluggish(_Base):
        """Twice as slow as it says."""

        equation = r"\frac{dg}{dt} = -\frac{g}{2\tau}"

        def advance(self, now, arriving):
            g = self.integrate(lambda g: -g / (2 * self.tau), now["g"]) + arriving
            return {"g": g}, g

    assert "Sluggish" in kernels()
    values = {"train__pause": 0.0, "train__count": 1}
    slow = trace(run(Sluggish, synapse__tau=5.0, **values), "g")
    assert slow == pytest.approx(trace(run(Expon, synapse__tau=10.0, **values), "g"), abs=1e-5)


@pytest.mark.usefixtures("own_classes")
def test_a_synapse_written_without_declarations_runs_with_its_arguments_as_sliders():
    Decaying = own.decaying()
    assert "Decaying" in kernels()
    experiment = SynapseExperiment(Decaying).update({"train.count": 1, "train.pause": 0.0})
    assert experiment["synapse.tau"] == 5.0
    g = trace(simulate(experiment.update({"duration": 300.0, "synapse.tau": 9.0})), "g")
    again = run(Expon, synapse__tau=9.0, train__count=1, train__pause=0.0)
    assert g == pytest.approx(trace(again, "g"), abs=1e-4)
    assert read(experiment.to_json()).synapse is Decaying


@pytest.mark.usefixtures("own_classes")
def test_such_a_synapse_never_compiles_either(compilations):
    experiment = SynapseExperiment(own.decaying()).update({"duration": 200.0})
    before = simulate(experiment)
    with compilations() as names:
        after = simulate(experiment.set("synapse.tau", 17.0))
    assert names == []
    assert trace(after, "g").tolist() != trace(before, "g").tolist()
