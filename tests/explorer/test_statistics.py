"""The figures of spike statistics: what they show, say and explain, and when they are made."""

import re
import warnings
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from engine import LIF, Experiment, LIFRef, SynapseExperiment, simulate
from engine.analysis import intervals, spike_trains
from explorer import statistics
from explorer.labs import NeuronLab, figures
from explorer.methods import method
from explorer.statistics import FIGURES, spikes_of, statistic
from explorer.views import StatisticsView
from tests.explorer.bench import LIMIT, Driven, differs

SMALL = Experiment(LIF).update({"n": 20, "duration": 400.0, "stimulus.stop": 350.0})
EACH = pytest.mark.parametrize("figure", FIGURES)


class Lab(Driven, NeuronLab):
    """A neuron lab that a test drives."""

    def settle(self):
        super().settle()
        while self._chosen.is_busy:
            self.callbacks.get(timeout=LIMIT)()
        return self

    def choose(self, figure, settle=True):
        self.insight._handle_msg({"type": "figure", "id": figure})
        return self.settle() if settle else self

    @property
    def drawn(self):
        sources = [r.data_source.data for r in self.statistics.figure.renderers if r.visible]
        return [np.asarray(column) for data in sources for column in data.values()]


@pytest.fixture(scope="module")
def recording():
    return simulate(SMALL)


@pytest.fixture
def lab():
    return Lab(SMALL).settle()


# ---------------------------------------------------------------- what a figure says


@EACH
def test_a_figure_has_something_to_draw_and_says_of_which_neurons(figure, recording):
    found = statistic(recording, figure)
    curves = [found.bars, found.line, found.dots]
    assert max(len(x) for x, _ in curves) > 5
    for x, y in [*curves, found.expected]:
        assert np.isfinite(x).all()
        assert np.isfinite(y).all()
    assert re.search(r"20 neurons|Neuron 0", found.note)
    assert re.search(r"100 to 350 ms|one onset", found.note)
    assert found.x_label
    assert found.y_label
    assert found.numbers
    assert all(entry["value"] != "–" for entry in found.numbers)


@lru_cache
def few_spikes(n, amplitude):
    few = SMALL.update({"n": n, "noise": "None", "stimulus.amplitude": amplitude})
    return simulate(few.update({"stimulus.stop": 125.0}))


@EACH
@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("amplitude", [0.0, 1.02])
def test_a_few_spikes_or_none_give_a_sentence_and_no_nan(figure, n, amplitude):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = statistic(few_spikes(n, amplitude), figure)
        StatisticsView().update(found)
    assert found.note
    written = " ".join([found.note, *(entry["value"] for entry in found.numbers)]).lower()
    assert "nan" not in written.split()
    if amplitude == 0.0:
        assert found.note.startswith(("Not enough spikes", "Synchrony"))
        assert found.numbers == []


def test_the_numbers_are_those_of_the_time_that_is_named(recording):
    found = {entry["id"]: entry["value"] for entry in statistic(recording, "intervals").numbers}
    times, ids = recording.spike_times, recording.spike_neurons
    on = (times >= 100.0) & (times < 350.0)
    assert found["CV"] == f"{spike_trains.cv(times[on], ids[on]):.2f}"
    assert found["CV2"] == f"{intervals.cv2(times[on], ids[on]):.2f}"


def test_an_input_that_is_never_constant_is_looked_at_as_a_whole():
    run = simulate(SMALL.update({"stimulus": "Sine"}))
    spikes = spikes_of(run)
    assert (spikes.start, spikes.stop) == (0.0, 400.0)
    assert "the whole run" in statistic(run, "intervals").note


def test_the_order_of_intervals_is_that_of_the_neuron_that_is_watched(recording):
    found = statistic(simulate(replace(SMALL, watched=(3,))), "order")
    assert "Neuron 3" in found.note
    times = recording.spike_times[recording.spike_neurons == 3]
    times = times[(times >= 100.0) & (times < 350.0)]
    x, y = found.dots
    np.testing.assert_allclose(x, times[1:])
    np.testing.assert_allclose(y, np.diff(times))


@pytest.mark.parametrize(
    ("stimulus", "period", "words"),
    [
        ({"stimulus": "Sine", "stimulus.frequency": 10.0}, 100.0, "4 cycles"),
        (
            {"stimulus": "PulseTrain", "stimulus.frequency": 20.0, "stimulus.count": 4},
            50.0,
            "4 pulses",
        ),
    ],
)
def test_the_psth_of_a_rhythm_is_its_cycle(stimulus, period, words):
    found = statistic(simulate(SMALL.update(stimulus)), "psth")
    edges, rate = found.bars
    assert (edges[0], edges[-1]) == pytest.approx((0.0, period))
    assert words in found.note
    strength = {entry["id"]: entry["value"] for entry in found.numbers}["strength"]
    assert 0.2 < float(strength) <= 1.0
    assert rate.max() > 2 * rate.min()


def test_the_psth_of_a_step_begins_before_it_and_stays_silent_until_it(recording):
    edges, rate = statistic(recording, "psth").bars
    assert edges[0] == -50.0
    assert rate[edges[:-1] < 0].max() == 0.0


def test_noise_alone_has_no_event():
    note = statistic(simulate(SMALL.update({"stimulus": "OUNoise"})), "psth").note
    assert note.startswith("A PSTH needs an input with an event")


FIRING = SynapseExperiment().update({"train": "PoissonTrain", "train.rate": 80.0, "g_max": 60.0})


@EACH
def test_the_cells_behind_two_synapses_are_looked_at_too(figure):
    found = statistic(both_fire(), figure)
    assert re.match(r"Both cells|The cell of A", found.note)
    assert found.numbers
    one = statistic(simulate(FIRING), figure)
    assert one.note.startswith("The cell, " if figure != "synchrony" else "Synchrony")


@lru_cache
def both_fire():
    return simulate(FIRING.update({"B.synapse": "DualExpon", "B.g_max": 60.0}))


def test_the_psth_of_a_synapse_is_the_rate_after_its_spikes():
    run = simulate(FIRING)
    found = statistic(run, "psth")
    edges, rate = found.bars
    arrivals = run.experiment.arrivals
    assert f"{np.sum(arrivals <= 950):.0f} spikes of the input" in found.note
    late = (run.spike_times[:, None] - arrivals[None, arrivals <= 950.0]).ravel()
    inside = np.sum((late >= -1e-6) & (late < 50.0 - 1e-6))
    assert np.sum(rate * np.diff(edges)) / 1e3 * np.sum(arrivals <= 950) == pytest.approx(inside)


# ---------------------------------------------------------------- how it is explained


@EACH
def test_every_method_has_words_a_formula_and_a_reference_with_its_year(figure):
    for entry in FIGURES[figure].explained():
        assert entry["formula"].startswith('<div class="line"><math')
        assert len(entry["summary"]) > 20
        assert re.search(r"\(\d{4}\)", entry["reference"])
        assert 'href="https://doi.org/10.' in entry["reference"]
        for part in ("summary", "words", "reference"):
            assert not re.search(r"[`\\]|:math:|\.\. ", entry[part]), part


def test_every_number_is_explained_by_one_of_the_methods(recording):
    """A number has the name of its method, or says by itself what it is."""
    plain = {"mean", "peak", "over", "at", "bursts", "size", "share", "index", "square"}
    for figure in FIGURES:
        labels = " ".join(FIGURES[figure].methods)
        for entry in statistic(recording, figure).numbers:
            first = re.split(r"[ ,]", entry["label"])[0]
            assert entry["id"] in plain or first in labels, entry


def test_the_words_of_a_method_are_those_of_its_docstring():
    found = method("CV2", intervals.cv2)
    assert found["summary"].startswith("<p>Measure how much successive intervals differ")
    assert "Only neighbours are compared" in found["words"]


# ---------------------------------------------------------------- in the lab


def test_a_lab_starts_with_its_own_figure_and_works_out_no_statistic(monkeypatch):
    def refuse(*_):
        raise AssertionError("nobody looks at it")

    monkeypatch.setattr(figures, "statistic", refuse)
    lab = Lab(SMALL).settle()
    lab.send("set", "tau", value=7.0)
    assert lab.rail.errors == {}
    assert lab.recording.experiment["tau"] == 7.0
    assert [entry["id"] for entry in lab.insight.figures] == ["own", *FIGURES]
    assert lab.insight.figure_id == "own"
    assert lab.surrogate.figure.visible
    assert not lab.statistics.figure.visible


@EACH
def test_a_figure_is_chosen_drawn_explained_and_left_again(lab, figure):
    lab.choose(figure)
    assert lab.insight.figure_id == figure
    assert lab.statistics.figure.visible
    assert not lab.surrogate.figure.visible
    assert lab.insight.figure_note == lab.statistics.shown.note
    assert lab.insight.figure_numbers
    assert [entry["label"] for entry in lab.insight.methods] == list(FIGURES[figure].methods)
    lab.choose("own")
    assert lab.surrogate.figure.visible
    assert not lab.statistics.figure.visible
    assert (lab.insight.figure_numbers, lab.insight.methods) == ([], [])


def test_a_choice_outlives_a_run_and_follows_it(lab):
    lab.choose("intervals")
    before, numbers = lab.drawn, lab.insight.figure_numbers
    seq = lab.send("set", "stimulus.amplitude", value=1.6)
    assert lab.rail.ack == seq
    assert lab.insight.figure_id == "intervals"
    assert differs(lab.drawn, before)
    assert lab.insight.figure_numbers != numbers
    lab.send("set", "model", value="LIFRef")
    assert lab.experiment.model is LIFRef
    assert lab.insight.figure_id == "intervals"
    assert lab.statistics.shown.figure == "intervals"


def test_a_choice_makes_no_run_and_is_not_in_the_link(lab):
    recording, query, started = lab.recording, lab.header.query, lab.runner.started
    lab.choose("fano")
    assert lab.recording is recording
    assert (lab.header.query, lab.runner.started) == (query, started)
    assert not lab.state.can_undo


def test_what_was_chosen_last_is_shown_even_while_a_run_is_under_way(lab):
    lab.send("set", "tau", value=8.0, settle=False)
    for figure in ("spectrum", "order", "fano"):
        lab.choose(figure, settle=False)
    lab.settle()
    assert lab.insight.figure_id == lab.statistics.shown.figure == "fano"
    expected = statistic(lab.recording, "fano")
    assert expected.numbers == lab.insight.figure_numbers


def test_a_run_whose_figure_was_left_meanwhile_does_not_bring_it_back(lab, monkeypatch):
    lab.choose("spectrum")
    lab.send("set", "tau", value=8.0, settle=False)
    lab.choose("own", settle=False)
    lab.settle()
    assert lab.insight.figure_id == "own"
    assert lab.surrogate.figure.visible


def test_a_run_that_is_worked_out_for_an_earlier_choice_is_looked_at_again(lab, monkeypatch):
    lab.choose("spectrum")
    work_out = lab.work_out

    def slow(experiment, recording):
        found = work_out(experiment, recording)
        lab._figure = "fano"  # chosen when the figure had been worked out, and not been shown
        return found

    monkeypatch.setattr(lab, "work_out", slow)
    lab.send("set", "tau", value=8.0)
    assert lab.insight.figure_id == lab.statistics.shown.figure == "fano"
    assert statistic(lab.recording, "fano").numbers == lab.insight.figure_numbers


def test_a_figure_that_fails_says_so_and_leaves_the_lab_alive(lab, monkeypatch):
    def fail(spikes):
        raise ZeroDivisionError("a fault")

    broken = statistics.Figure("Broken", fail, {})
    monkeypatch.setitem(FIGURES, "spectrum", broken)
    lab.choose("spectrum")
    assert lab.insight.figure_note.startswith("This figure failed")
    seq = lab.send("set", "tau", value=9.0)
    assert lab.rail.ack == seq
    assert lab.recording.experiment["tau"] == 9.0
    assert lab.status.message == {}
    lab.choose("fano")
    assert lab.insight.figure_id == "fano"


def test_no_figure_makes_a_new_model_of_bokeh(lab):
    lab.choose("intervals")
    before = {model.id for model in lab.statistics.figure.references()}
    for figure in FIGURES:
        lab.choose(figure)
    assert {model.id for model in lab.statistics.figure.references()} == before
