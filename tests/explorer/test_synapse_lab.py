"""The synapse lab without a browser: messages in, recordings out, always acknowledged."""

import pytest
from hypothesis import given, settings

from engine import SynapseExperiment
from engine.synapse_experiment import kernels
from explorer import controls, links
from explorer.labs import SynapseLab
from explorer.presets import presets
from explorer.views.synapse import ROLE
from tests import own
from tests.engine.test_synapse_experiment import every_choice, same, synapse_experiments
from tests.explorer.bench import Driven, differs, moved, rows

SHORT = {"duration": 600.0, "train.rate": 60.0, "g_max": 40.0}
PAIR = SynapseExperiment().update(
    {"plasticity": "STP", "B.synapse": "DualExpon", "B.plasticity": "STD", **SHORT}
)


class Bench(Driven, SynapseLab):
    """A synapse lab that a test drives."""

    @property
    def small_figures(self):
        return [self.current_voltage.figure]


@pytest.fixture
def lab():
    return Bench(SynapseExperiment().update(SHORT)).settle()


def test_it_starts_with_a_synapse_that_answers(lab):
    assert lab.header.model == "AMPA"
    assert lab.recording.traces["g"].max() > 0
    assert lab.header.query == ""
    assert lab.status.busy == ""


@pytest.mark.parametrize("experiment", list(every_choice()), ids=lambda e: str(e.differences()))
def test_every_parameter_and_choice_has_exactly_one_control(experiment):
    paths = [r["path"] for g in SynapseLab.groups(experiment) for r in g["controls"]]
    assert len(paths) == len(set(paths))
    assert set(paths) == set(experiment)
    assert set(controls.values(experiment)) >= set(paths)


def test_every_control_changes_what_is_seen_and_is_acknowledged():
    for path, row in rows(Bench(PAIR).settle()).items():
        lab = Bench(PAIR).settle()
        before = lab.picture
        value = 0.05 if path == "dt" else moved(lab, row)
        seq = lab.send("set", path, value=value)
        assert lab.rail.errors == {}, path
        assert lab.rail.ack == seq, path
        # a cell that never fires has no use for its reset, nor a regular train for the seed
        if path not in {"post.V_reset", "seed"}:
            assert differs(lab.picture, before), path


def test_drawing_adds_a_spike_and_pointing_at_it_takes_it_away(lab):
    before = lab.experiment
    lab._draw(50.0, 2.0)
    assert lab.experiment == before  # other trains cannot be drawn
    lab.send("set", "train", value="DrawnTrain")
    for time in (50.0, 120.0):
        lab._draw(time, 2.0)
        lab.settle()
    assert lab.experiment["train.times"] == (50.0, 120.0)
    assert lab.recording.experiment.arrivals.tolist() == [50.0, 120.0]
    lab._draw(51.0, 2.0)
    lab.settle()
    assert lab.experiment["train.times"] == (120.0,)
    lab._draw(700.0, 2.0)  # after the end
    assert lab.experiment["train.times"] == (120.0,)
    lab.state.undo()
    assert lab.experiment["train.times"] == (50.0, 120.0)


def test_typed_times_that_are_none_keep_the_plots_and_say_so(lab):
    lab.send("set", "train", value="DrawnTrain")
    lab.send("text", "train.times", text="20 40")
    shown = lab.recording
    lab.send("text", "train.times", text="20 forty")
    assert lab.recording is shown
    assert "forty" in lab.rail.errors["train.times"]
    lab.send("text", "train.times", text="20 40 60")
    assert lab.rail.errors == {}
    assert lab.rail.values["train.times"] == "20 40 60"


def test_the_picker_takes_another_synapse(lab):
    assert [m["value"] for m in lab.header.models] == list(kernels())
    lab.header._handle_msg({"type": "model", "value": "GABAa"})
    lab.settle()
    assert lab.recording.experiment.synapse is kernels()["GABAa"]
    assert "α" in lab.insight.equation  # the letter alpha


def test_plots_of_what_is_not_there_are_hidden_and_empty(lab):
    plasticity = lab.views[1]
    assert not plasticity.figure.visible
    lab.send("set", "plasticity", value="STD")
    assert plasticity.figure.visible
    lab.send("set", "plasticity", value="None")
    assert not plasticity.figure.visible
    assert all(len(r.data_source.data["x"]) == 0 for r in plasticity.figure.renderers)


def test_the_two_synapses_are_named_in_their_colours(lab):
    lab.send("set", "B.synapse", value="Alpha")
    legend = lab.views[2].figure.legend[0]
    assert [item.label["value"] for item in legend.items] == ["AMPA", "Alpha"]
    for item, role in zip(legend.items, ROLE.values(), strict=True):
        assert item.renderers[0].tags == [f"role:{role}"]
    lab.send("set", "B.synapse", value="None")
    assert [item.visible for item in legend.items] == [True, False]


def test_the_numbers_are_those_of_the_run():
    lab = Bench(PAIR.update({"train": "PairedPulses", "train.interval": 40.0})).settle()
    shown = {entry["id"]: entry["value"] for entry in lab.insight.numbers}
    g, (one, two) = lab.recording.traces["g"][:, 0], lab.recording.experiment.arrival_steps
    first, second = g[one:two].max() - g[one - 1], g[two:].max() - g[two - 1]
    assert float(shown["ppr"]) == pytest.approx(second / first, abs=0.006)
    V = lab.recording.traces["V"][one:two, 0]
    assert float(shown["amplitude"]) == pytest.approx(V.max() + 65.0, abs=0.006)
    assert "B.ppr" in shown


def test_under_clamp_the_current_is_measured(lab):
    lab.send("set", "post", value="VoltageClamp")
    assert {n["id"]: n["unit"] for n in lab.insight.numbers}["amplitude"] == "pA"


def test_the_threshold_is_shown_where_the_cell_comes_near_it(lab):
    threshold = lab.views[4]._threshold
    lab.send("set", "g_max", value=0.1)
    assert len(threshold.data["x"]) == 0
    lab.send("text", "g_max", text="200 nS")
    assert lab.recording.spike_count > 0
    assert len(threshold.data["x"]) == 2


@settings(max_examples=60)
@given(synapse_experiments())
def test_a_synapse_survives_its_link(experiment):
    default = SynapseLab.default()
    read = links.from_query(links.to_query(experiment, default), default)
    assert [c for c in read.complaints if "do not fit together" not in c] == []
    assert same(read.experiment, experiment)


def test_a_link_from_elsewhere_sets_nothing_that_is_not_declared():
    query = "?synapse=Nope&g_max=1e99&B.output.E=3&train.times=1&__class__=x&output=CUBA"
    read = links.from_query(query, SynapseLab.default())
    assert read.experiment.differences() == {"output": "CUBA"}
    assert len(read.complaints) == 5


@pytest.mark.parametrize("preset", presets("synapse").values(), ids=lambda p: p.id)
def test_every_preset_runs_and_shows_what_it_says(preset):
    lab = Bench(preset.experiment).settle()
    assert lab.recording.problem == ""
    assert lab.rail.errors == {}
    assert lab.recording.traces["g"].max() > 0
    assert preset.hint.endswith(".")


@pytest.mark.usefixtures("own_classes")
def test_a_synapse_of_ones_own_gets_its_lab_without_another_line():
    cls = own.decaying()
    lab = Bench(SynapseExperiment(cls).update(SHORT)).settle()
    assert lab.header.model == "Decaying"
    assert "Decaying" in [m["value"] for m in lab.header.models]
    before = lab.picture
    lab.send("set", "synapse.tau", value=20.0)
    assert lab.rail.errors == {}
    assert differs(lab.picture, before)
