"""The network lab without a browser: messages in, recordings out, always acknowledged."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import NetworkExperiment, NetworkProjection, Population, memory, simulation
from explorer import links
from explorer.labs import NetworkLab
from explorer.labs import network as network_lab
from explorer.presets import presets
from explorer.views.network import MOST, NetworkCurrentView, NetworkRasterView
from tests.explorer.bench import Driven, differs, moved, rows

SLOW = pytest.mark.slow
SMALL = {"E.n": 40, "I.n": 10, "duration": 100.0}


class Bench(Driven, NetworkLab):
    """A network lab that a test drives."""

    @property
    def small_figures(self):
        return [view.figure for view in self.figures.values()]

    def edit(self, type_, **content):
        self.graph._handle_msg({"type": type_, **content})
        return self.settle()

    def do(self, type_):
        self.status._handle_msg({"type": type_})
        return self.settle()


def small():
    start = NetworkLab.default()
    return start.update(SMALL).rewatched(start)


@pytest.fixture
def lab():
    return Bench(small()).settle()


def selections(experiment):
    return ["", *experiment.populations, *experiment.projections]


def controls_of(experiment, selected):
    groups = NetworkLab.groups(experiment, selected=selected)
    return [row["path"] for group in groups for row in group["controls"]]


def test_it_starts_with_a_network_that_fires():
    lab = Bench().settle()
    numbers = {n["id"]: n["value"] for n in lab.insight.numbers}
    assert lab.experiment.n == 1000
    assert numbers["state"] == "AI"
    assert 10.0 < float(numbers["rate E"]) < 40.0
    assert lab.header.preset == "CobaNetwork"
    assert lab.header.query == ""
    assert lab.status.busy == ""


@pytest.mark.parametrize("name", presets("network"))
def test_every_parameter_has_one_control_wherever_it_is_selected(name):
    experiment = presets("network")[name].experiment
    seen = set()
    for selected in selections(experiment):
        paths = controls_of(experiment, selected)
        assert len(paths) == len(set(paths)), selected
        seen |= set(paths)
    assert seen == {*experiment, *(p for p, own in experiment.watchable.items() if len(own) > 1)}


@pytest.mark.parametrize(
    "selected",
    ["", "E", pytest.param("I", marks=SLOW), "IE", pytest.param("EE", marks=SLOW)],
)
def test_every_number_changes_what_is_seen_and_is_acknowledged(selected):
    start = small()
    lab = Bench(start).settle()
    lab.edit("select", id=selected)
    for path, row in rows(lab).items():
        if row["kind"] == "choice" or path == "dt":
            continue
        before = lab.picture
        seq = lab.send("set", path, value=moved(lab, row))
        assert lab.rail.errors == {}, path
        assert lab.rail.ack == seq, path
        assert differs(lab.picture, before), path
        lab.header._handle_msg({"type": "undo"})
        lab.settle()
        assert lab.experiment == start, path


def test_the_rail_only_holds_what_is_selected(lab):
    assert "E.tau" not in rows(lab)
    lab.edit("select", id="E")
    assert {"E.tau", "E.exc.output.E", "watched.E", "dt"} <= set(rows(lab))
    assert "EE.weight" not in rows(lab)
    assert set(lab.rail.values) == set(rows(lab))
    lab.edit("select", id="nobody")
    assert lab.graph.selected == ""


# -- editing -------------------------------------------------------------------------------------


def test_a_network_is_edited_in_the_graph_and_each_edit_can_be_undone(lab):
    lab.edit("add_population", like="E")
    assert lab.experiment.sizes == {"E": 40, "I": 10, "E2": 40}
    assert lab.graph.selected == "E2"
    lab.edit("rename", id="E2", name=" S ")
    lab.edit("connect", source="S", target="E", receptor="exc")
    assert lab.experiment.projections["SE"] == NetworkProjection("S", "E", "exc")
    lab.send("set", "SE.weight", value=30.0)
    lab.edit("retarget", id="SE", source="S", target="I", receptor="exc")
    assert lab.experiment.projections["SE"].target == "I"
    assert lab.experiment["SE.weight"] == 30.0
    lab.edit("remove", id="E")
    assert list(lab.experiment.projections) == ["II", "SE"]
    assert lab.graph.notice == ""
    for _ in range(6):
        lab.header._handle_msg({"type": "undo"})
    lab.settle()
    assert lab.experiment == small()
    assert [node["id"] for node in lab.graph.populations] == ["E", "I"]
    assert lab.recording.experiment == small()


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ({"type": "rename", "id": "E", "name": "I"}, "There is a population 'I' already"),
        ({"type": "rename", "id": "E", "name": "a.b"}, "'a.b' cannot be a name in a network"),
        ({"type": "connect", "source": "E", "target": "I", "receptor": "x"}, "no receptor 'x'"),
        ({"type": "remove", "id": "nobody"}, "o population 'nobody' in the network"),
    ],
)
def test_what_cannot_be_done_is_said_at_the_graph(lab, message, sentence):
    before = lab.experiment
    lab.graph._handle_msg(message)
    assert sentence in lab.graph.notice
    assert lab.experiment is before


def test_the_last_population_stays(lab):
    lab.edit("remove", id="I")
    lab.edit("remove", id="E")
    assert "at least one population" in lab.graph.notice
    assert list(lab.experiment.populations) == ["E"]


def test_a_graph_says_who_excites_and_who_inhibits(lab):
    signs = {edge["id"]: edge["sign"] for edge in lab.graph.projections}
    assert signs == {"EE": 1, "EI": 1, "IE": -1, "II": -1}
    lab.send("set", "EI.weight", value=-3.0)
    assert {edge["id"]: edge["sign"] for edge in lab.graph.projections}["EI"] == -1


names = st.sampled_from(["E", "I", "E2", "E3", "EE", "EI", "I2", "new", "dt", ""])
receptors = st.sampled_from(["exc", "inh", "none"])
messages = st.one_of(
    st.fixed_dictionaries({"type": st.sampled_from(["select", "remove"]), "id": names}),
    st.fixed_dictionaries({"type": st.just("add_population"), "like": names}),
    st.fixed_dictionaries({"type": st.just("rename"), "id": names, "name": names}),
    st.fixed_dictionaries(
        {"type": st.just("connect"), "source": names, "target": names, "receptor": receptors}
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("retarget"),
            "id": names,
            "source": names,
            "target": names,
            "receptor": receptors,
        }
    ),
)


@settings(max_examples=15, deadline=None)
@given(st.lists(messages, max_size=8))
def test_no_edit_raises_and_all_of_them_survive_a_link(edits):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(network_lab, "PATIENCE", -1.0)  # nothing runs: this is about the edits
        lab = Bench(small())
        for message in edits:
            lab.graph._handle_msg(message)
        network = lab.experiment
        assert len(network.watched) == len(network.populations)
        assert [node["id"] for node in lab.graph.populations] == list(network.populations)
        again = links.from_query(lab.header.query, lab.home, NetworkLab.named())
        assert again.complaints == ()
        assert again.experiment.structure == network.structure
        assert all(again.experiment[path] == network[path] for path in network)
        lab.runner.cancel()


def test_a_word_about_compiling_that_comes_late_does_not_stay():
    """Panel holds back what comes while a page is loading, and may let the next one pass it."""
    simulation._programs.clear()
    lab = Bench(small())
    word, result = lab.callbacks.get(timeout=60), lab.callbacks.get(timeout=60)
    result()
    word()
    assert lab.recording.spike_count > 0
    assert lab.status.busy == ""


# -- links ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", presets("network"))
def test_a_published_network_is_named_in_its_link(name):
    preset, home = presets("network")[name], NetworkLab.default()
    query = links.to_query(preset.experiment, home, NetworkLab.named())
    assert query in ("", f"from={name}")
    changed = preset.experiment.update({"duration": 321.0, "seed": 7})
    query = links.to_query(changed, home, NetworkLab.named())
    assert len(query) < 80
    assert links.from_query(query, home, NetworkLab.named()).experiment == changed


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("from=Nobody", "which is not known here"),
        ("populations=E:exc&projections=EE", "must be written as EI:E>I.exc"),
        ("populations=E:exc&projections=EE:E>X.exc", "no population 'X'"),
        ("populations=&projections=", "at least one population"),
        ("EE.weight=3 mV", "EE.weight must be a conductance"),
    ],
)
def test_a_link_that_cannot_be_used_is_told_and_a_network_is_shown(query, sentence):
    lab = Bench(query=query).settle()
    assert sentence in lab.status.message["text"]
    assert lab.recording.spike_count > 0


# -- what is shown ---------------------------------------------------------------------------------


def test_one_neuron_of_every_population_is_shown(lab):
    assert lab.experiment.watched == (0, 40)
    lab.state.watch(44)
    lab.settle()
    assert lab.experiment.watched == (0, 44)
    voltage = next(v for v in lab.views if v.title == "Membrane potential")
    assert "E 0, I 4" in voltage.figure.title.text
    lab.send("set", "E.n", value=20)
    assert lab.experiment.watched == (0, 24)
    lab.edit("select", id="I")
    assert lab.rail.values["watched.I"] == 4
    lab.send("set", "watched.I", value=99)
    assert "from 0 to 9" in lab.rail.errors["watched.I"]


def test_the_current_of_the_selected_population_is_shown(lab):
    view = next(v for v in lab.views if isinstance(v, NetworkCurrentView))
    assert "E 0" in view.figure.title.text
    lab.edit("select", id="I")
    assert "I 0" in view.figure.title.text
    lab.edit("select", id="IE")
    assert "E 0" in view.figure.title.text


def test_the_input_of_spikes_that_jump_is_how_fast_they_move_the_potential():
    start = presets("network")["BrunelAsynchronous"].experiment
    lab = Bench(start.update({"duration": 50.0})).settle()
    view = next(v for v in lab.views if isinstance(v, NetworkCurrentView))
    assert "Synaptic input to E 0 (mV/ms)" in view.figure.title.text
    assert float({n["id"]: n["value"] for n in lab.insight.numbers}["balance"]) > 0.5


@pytest.mark.parametrize("few", [True, False])
def test_the_raster_shows_every_spike_in_the_colour_of_its_population(few):
    values = {"duration": 60.0} if few else {"E.n": 800, "I.n": 200, "duration": 400.0}
    lab = Bench(small().update(values).rewatched(small())).settle()
    raster = next(v for v in lab.views if isinstance(v, NetworkRasterView))
    recording, own = lab.recording, lab.experiment.ranges["I"]
    inhibitory = np.isin(recording.spike_neurons, own).sum()
    if few:
        drawn = [len(source.data["x"]) // 3 for source in raster._strokes]
        assert drawn[:2] == [recording.spike_count - inhibitory, inhibitory]
        assert not raster._image_glyph.visible
    else:
        shades = raster._image.data["image"][0]
        inhibited = (shades >= 4) & (shades % 4 > 0)
        excited = (shades < 4) & (shades > 0)
        border = round(own.start * len(shades) / lab.experiment.n)
        assert inhibited[border:].any()
        assert not inhibited[:border].any()
        assert excited[:border].any()
        assert not excited[border:].any()
        assert raster._image_glyph.visible


@pytest.mark.parametrize("figure", network_lab.FIGURES)
def test_every_figure_of_the_insight_column_can_be_chosen(lab, figure):
    lab.insight._handle_msg({"type": "figure", "id": figure})
    shown = [id_ for id_, view in lab.figures.items() if view.figure.visible]
    assert shown == [figure]
    assert lab.insight.figure_id == figure
    sources = [r.data_source.data for r in lab.figures[figure].figure.renderers]
    assert any(len(column) for data in sources for column in data.values())


# -- long runs -------------------------------------------------------------------------------------


def test_a_long_run_tells_its_cost_and_waits_for_a_word(lab, monkeypatch):
    before = lab.recording
    monkeypatch.setattr(network_lab, "PATIENCE", 0.0)
    seq = lab.send("set", "duration", value=3000.0)
    assert lab.rail.ack == seq
    assert lab.recording is before
    assert "take about" in lab.status.message["text"]
    assert lab.status.message["action"] == {"type": "run", "label": "Run"}
    lab.do("run")
    assert lab.recording.duration == 3000.0
    assert lab.status.message == {}
    lab.send("set", "EE.weight", value=6.5)
    assert lab.recording.experiment["EE.weight"] == 6.0
    assert lab.status.message["action"]["type"] == "run"


def test_a_link_to_a_long_run_shows_something_meanwhile(monkeypatch):
    monkeypatch.setattr(network_lab, "PATIENCE", 0.0)
    lab = Bench(query="duration=30000").settle()
    assert lab.recording.experiment == lab.home
    assert lab.status.message["action"]["type"] == "run"


@pytest.fixture
def in_parts(monkeypatch):
    """Let short runs come in many parts, each shown."""
    monkeypatch.setattr(simulation, "PART_SECONDS", 0.0)
    monkeypatch.setattr(memory, "LONGEST_CHUNK", 64)
    monkeypatch.setattr(memory, "SHORTEST_CHUNK", 64)
    simulation._programs.clear()
    yield
    simulation._programs.clear()


def test_a_long_run_shows_its_parts(in_parts):
    lab = Bench(small())
    seen = []
    lab.status.param.watch(lambda event: seen.append(event.new.get("fraction")), "work")
    lab.settle()
    parts = [fraction for fraction in seen if fraction]
    assert 0.0 < parts[0] <= parts[-1] < 1.0
    assert parts == sorted(parts)
    assert lab.status.work == {}
    assert lab.recording.n_steps == 1000


def test_a_run_can_be_cancelled_and_started_again(in_parts):
    lab = Bench(small().set("duration", 20_000.0))
    while not lab.status.work:
        lab.callbacks.get(timeout=60)()
    lab.do("cancel")
    shown = lab.recording.n_steps
    assert 0 < shown < lab.experiment.n_steps
    assert "was stopped" in lab.status.message["text"]
    assert lab.status.work == {}
    lab.state.set("duration", 100.0)
    lab.settle()
    assert lab.recording.n_steps == 1000


@SLOW
def test_as_many_populations_as_there_are_lines_can_be_shown():
    cells = Population()
    network = NetworkExperiment({f"P{i}": cells for i in range(MOST)})
    network = network.update({f"P{i}.n": 3 for i in range(MOST)}).set("duration", 20.0)
    lab = Bench(network.rewatched(network)).settle()
    assert len(lab.graph.populations) == lab.graph.limits["populations"] == MOST
    lab.edit("add_population", like="P0")
    assert "at most 12 populations" in lab.graph.notice
