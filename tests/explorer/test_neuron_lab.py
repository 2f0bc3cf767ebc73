"""The neuron lab without a browser: messages in, recordings out, always acknowledged."""

import threading
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import MagicMock

import pytest
from bokeh.document import Document
from panel.io.state import set_curdoc

from engine import LIF, Experiment, LIFRef, Recording, catalog, simulate
from explorer import controls, runner
from explorer.labs import NeuronLab, base
from tests.explorer.bench import LIMIT, Driven, differs, moved, rows
from tests.felt import FELT

SMALL = Experiment(LIF).update({"n": 5, "duration": 120.0})


class Lab(Driven, NeuronLab):
    """A neuron lab that a test drives."""

    @property
    def small_figures(self):
        return [self.surrogate.figure]


@pytest.fixture
def lab():
    return Lab(SMALL).settle()


def test_a_lab_starts_with_a_run_in_its_plots(lab):
    assert isinstance(lab.recording, Recording)
    assert all(len(column) for column in lab.picture[:2])
    assert lab.status.busy == ""
    assert lab.header.query == ""
    assert lab.header.model == "LIF"


@pytest.mark.parametrize("model", sorted(catalog.neurons()))
def test_every_control_changes_the_plots_and_is_acknowledged(model):
    # long enough for the input to end
    start = Experiment(catalog.neuron(model)).update({"n": 3} | FELT.get(model, {}))
    for path, row in rows(Lab(start).settle()).items():
        lab = Lab(start).settle()
        before = lab.picture
        seq = lab.send("set", path, value=moved(lab, row))
        assert lab.rail.errors == {}, path
        assert lab.rail.ack == seq, path
        assert differs(lab.picture, before), path


def test_a_slider_that_is_live_never_compiles(lab, compilations):
    live = [row for row in rows(lab).values() if row["kind"] == "number" and row["live"]]
    assert len(live) > 10
    for row in live:  # a first move of each, so that the surrogate's curve has been drawn
        lab.send("set", row["path"], value=row["default"])
    with compilations() as names:
        for row in live:
            for share in (0.35, 0.6):
                low, high = row["soft"]
                value = low + share * (high - low)
                lab.send("set", row["path"], value=round(value) if row["integer"] else value)
            lab.send("reset", row["path"])
    assert names == []


def test_a_control_that_is_not_live_does_compile(lab, compilations):
    """So that the test above can fail."""
    with compilations() as names:
        lab.send("set", "n", value=7)
    assert names


@pytest.mark.parametrize("text", ["abc", "nan", "-5", "20 mV", "1e999", "", "20 parsec"])
def test_a_bad_value_keeps_the_last_recording_and_says_a_sentence(lab, text):
    recording, picture = lab.recording, lab.picture
    seq = lab.send("text", "tau", text=text)
    assert lab.recording is recording
    assert not differs(lab.picture, picture)
    assert "tau" in lab.rail.errors["tau"]
    assert lab.status.message["tone"] == "error"
    assert lab.rail.ack == seq
    lab.send("text", "tau", text="15 ms")
    assert lab.rail.errors == {}
    assert lab.status.message == {}
    assert lab.recording.experiment["tau"] == 15.0


def test_values_that_do_not_fit_keep_the_last_recording_until_they_do(lab):
    recording = lab.recording
    lab.send("set", "V_th", value=10.0)
    shown = lab.recording
    seq = lab.send("text", "V_reset", text="20")
    assert lab.recording is shown is not recording
    assert "V_reset must be below V_th" in lab.rail.errors["V_reset"]
    assert lab.rail.values["V_reset"] == 20.0
    assert lab.rail.ack == seq
    lab.send("text", "V_reset", text="-1")
    assert lab.rail.errors == {}
    assert lab.recording.experiment["V_reset"] == -1.0


def test_too_large_a_population_is_refused_at_n_with_the_last_plot_kept(lab, monkeypatch):
    monkeypatch.setenv("SPIKESCOPE_MEMORY_MB", "100")
    recording = lab.recording
    seq = lab.send("text", "n", text="1000000")
    assert lab.recording is recording
    assert "need about" in lab.rail.errors["n"]
    assert lab.status.busy == ""
    assert lab.rail.ack == seq
    lab.send("text", "n", text="6")
    assert lab.rail.errors == {}
    assert lab.recording.experiment.n == 6


def test_a_lab_opened_by_a_link_that_does_not_fit_together_shows_something():
    lab = Lab(SMALL, query="V_reset=20&V_th=10").settle()
    assert lab.recording is not None
    assert "V_reset" in lab.rail.errors
    assert lab.rail.values["V_reset"] == 20.0


def test_a_lab_opened_by_a_broken_link_says_so():
    lab = Lab(SMALL, query="?model=Nope&tau=banana&foo=1&V_th=1e999").settle()
    assert lab.recording.experiment == SMALL
    assert lab.status.message["tone"] == "warn"
    for word in ("Nope", "banana", "foo", "V_th"):
        assert word in lab.status.message["text"]


@pytest.mark.parametrize(
    "last",
    [
        {"type": "text", "path": "tau", "text": "abc"},
        {"type": "text", "path": "V_reset", "text": "500"},
        {"type": "set", "path": "spk_fun.alpha", "value": 0.7},
        {"type": "set", "path": "tau", "value": 10.0},
        {"type": "set", "path": "tau", "value": SMALL["tau"]},
        {"type": "set", "path": "nothing", "value": 1},
        {"type": "reset", "path": "tau"},
        {"type": "spread", "path": "tau", "on": True},
        {"type": "spread", "path": "seed", "on": True},
    ],
    ids=str,
)
def test_the_last_message_is_acknowledged_even_while_a_run_is_under_way(lab, last):
    lab.send("set", "tau", settle=False, value=10.0)
    assert lab.runner.is_busy
    lab.rail._handle_msg(last | {"seq": lab._seq + 1})
    lab.settle()
    assert lab.rail.ack == lab._seq


def test_no_message_is_acknowledged_before_its_run_is_in_the_plots(lab):
    before = lab.rail.ack
    seq = lab.send("set", "tau", settle=False, value=10.0)
    assert lab.rail.ack == before
    lab.settle()
    assert lab.rail.ack == seq
    assert lab.recording.experiment["tau"] == 10.0


def test_what_is_undone_during_its_run_never_shows(lab):
    shown = lab.state.experiment
    lab.send("set", "tau", settle=False, value=10.0)
    assert lab.runner.is_busy
    lab.header._handle_msg({"type": "undo"})
    lab.settle()
    assert lab.state.experiment == shown
    assert lab.recording.experiment == shown


def test_a_draft_undone_during_its_run_shows_what_the_controls_say(lab):
    shown = lab.state.experiment
    lab.send("set", "tau", settle=False, value=10.0)
    lab.send("set", "V_reset", settle=False, value=500.0)
    lab.header._handle_msg({"type": "undo"})
    lab.header._handle_msg({"type": "undo"})
    lab.settle()
    assert lab.recording.experiment == lab.state.experiment == shown


def test_undo_and_redo_move_plots_controls_and_buttons(lab):
    lab.send("set", "tau", value=10.0)
    assert lab.header.can_undo
    lab.header._handle_msg({"type": "undo"})
    lab.settle()
    assert lab.recording.experiment["tau"] == lab.rail.values["tau"] == SMALL["tau"]
    assert (lab.header.can_undo, lab.header.can_redo) == (False, True)
    lab.header._handle_msg({"type": "redo"})
    lab.settle()
    assert lab.recording.experiment["tau"] == lab.rail.values["tau"] == 10.0
    assert (lab.header.can_undo, lab.header.can_redo) == (True, False)


def test_reset_all_gives_every_default_back(lab):
    lab.send("set", "tau", value=10.0)
    lab.send("set", "spk_reset", value="hard")
    lab.header._handle_msg({"type": "reset_all"})
    lab.settle()
    assert lab.recording.experiment == Experiment(LIF)


def test_a_preset_is_named_until_something_changes(lab):
    lab.header._handle_msg({"type": "preset", "id": "steady"})
    lab.settle()
    assert lab.header.preset == "steady"
    assert lab.recording.spike_count > 0
    lab.send("set", "tau", value=10.0)
    assert lab.header.preset == ""


def test_undo_of_a_preset_no_longer_names_it(lab):
    lab.header._handle_msg({"type": "preset", "id": "steady"})
    lab.settle()
    lab.header._handle_msg({"type": "undo"})
    lab.settle()
    assert lab.header.preset == ""


def test_another_model_brings_its_own_controls_and_equation(lab):
    equation = lab.insight.equation
    lab.header._handle_msg({"type": "model", "value": "LIFRef"})
    lab.settle()
    assert lab.recording.experiment.model is LIFRef
    assert "tau_ref" in rows(lab)
    assert "tau_ref" in lab.rail.values
    assert lab.insight.equation != equation
    assert lab.header.query.startswith("model=LIFRef")


def test_a_spread_gets_a_row_and_loses_it(lab):
    lab.send("spread", "tau", on=True)
    assert "tau.spread" in rows(lab)
    assert lab.rail.values["tau.spread"] > 0
    lab.send("spread", "tau", on=False)
    assert "tau.spread" not in rows(lab)


def test_a_neuron_that_is_pointed_at_is_watched(lab):
    lab.state.watch(3)
    lab.settle()
    assert lab.recording.experiment.watched == (3,)
    assert "neuron 3" in lab.views[1].figure.title.text


def test_the_numbers_are_those_of_the_recording(lab):
    lab.send("set", "tau", value=10.0)
    shown = {number["id"]: number["value"] for number in lab.insight.numbers}
    assert shown["rate"] == f"{lab.recording.rate:.1f}"
    assert shown["count"] == f"{lab.recording.spike_count:,}"
    assert shown["neurons"] == "5"


def test_a_silent_neuron_is_no_error(lab):
    lab.send("set", "noise", value="None")
    lab.send("set", "stimulus.amplitude", value=0.0)
    assert lab.recording.spike_count == 0
    assert lab.status.message == {}
    assert {n["id"]: n["value"] for n in lab.insight.numbers}["cv"] == "–"


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
@pytest.mark.parametrize(
    ("path", "text"),
    [("R", "1e38"), ("V_initializer", "1e39")],  # in the middle, at the start
)
def test_numbers_that_make_a_run_diverge_are_answered_by_a_sentence(lab, path, text):
    lab.send("set", "stimulus.amplitude", value=1e6)
    seq = lab.send("text", path, text=text)
    assert lab.rail.ack == seq
    assert lab.status.message["tone"] == "error"
    lab.send("reset", path)
    lab.send("reset", "stimulus.amplitude")
    assert lab.status.message == {}


def test_an_unexpected_failure_keeps_the_plot_and_does_not_show_its_text(lab, monkeypatch):
    recording = lab.recording

    def broken(*args, **kwargs):
        raise IndexError("list index out of range")

    monkeypatch.setattr(base, "simulate", broken)
    seq = lab.send("set", "tau", value=10.0)
    assert lab.recording is recording
    assert lab.rail.ack == seq
    assert "index" not in lab.status.message["text"]
    assert "last good plot is kept" in lab.status.message["text"]
    monkeypatch.undo()
    lab.send("set", "tau", value=11.0)
    assert lab.recording.experiment["tau"] == 11.0
    assert lab.status.message == {}


def test_a_zoom_sends_the_window_in_full_detail(lab):
    voltage = lab.views[1]
    lab.window.range.update(start=20.0, end=30.0)
    lab.redraw()
    x = voltage._potential.data["x"]
    assert 19.5 <= x[0] <= 20.0
    assert 30.0 <= x[-1] <= 30.5
    lab.send("set", "tau", value=10.0)
    assert (lab.window.range.start, lab.window.range.end) == (20.0, 30.0)


def test_the_rail_always_shows_the_values_in_force(lab):
    for path, value in (("tau", 9.0), ("stimulus", "Sine"), ("n", 8), ("spk_fun", "Sigmoid")):
        lab.send("set", path, value=value)
        assert lab.rail.values == controls.values(lab.state.experiment)


def test_a_lab_is_a_panel_object_and_a_page(lab):
    document = Document()
    lab.page().server_doc(document)
    document.validate()
    assert lab.__panel__() is not None


def test_a_run_that_outlives_its_page_is_dropped(monkeypatch, caplog):
    document, page, gate, ran = Document(), [MagicMock()], threading.Event(), []
    simulate(SMALL)  # compiled, or the page would be told that it waits for that

    def slow(*args, **kwargs):
        gate.wait(LIMIT)
        ran.append(simulate(SMALL))
        return ran[0]

    monkeypatch.setattr(Document, "session_context", property(lambda document: page[0]))
    monkeypatch.setattr(base, "simulate", slow)
    monkeypatch.setattr(runner, "_workers", workers := ThreadPoolExecutor(1))
    with set_curdoc(document):
        lab = NeuronLab(SMALL)
    page[0] = None  # the tab is closed
    gate.set()
    workers.shutdown(wait=True)
    assert ran
    assert lab.recording is None
    assert document.callbacks.session_callbacks == []
    assert caplog.text == ""


def test_another_surrogate_is_drawn_without_simulating_again(lab, monkeypatch):
    shown, picture = lab.recording, lab.picture
    monkeypatch.setattr(base, "simulate", lambda *_, **__: pytest.fail("simulated again"))
    lab.send("set", "spk_fun", value="Sigmoid")
    assert lab.recording.traces is shown.traces
    assert lab.recording.experiment["spk_fun"] == "Sigmoid"
    assert differs(picture, lab.picture)
