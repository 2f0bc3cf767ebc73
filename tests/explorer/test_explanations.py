"""Explanations in place: symbols of the equations, sources of the rows, words of the plots."""

import html
import re

import pytest

from engine import Experiment, catalog
from engine.specs import InitialSpec, subclasses
from engine.synapse_experiment import kernels, short_term
from explorer import typeset, views
from explorer.labs import NetworkLab, NeuronLab, SynapseLab
from explorer.labs.network import NetworkExperiment
from explorer.views.base import HANDLING, View, Window
from explorer.views.network import SmallView

KINDS = (catalog.neurons, kernels, short_term, catalog.plasticity, catalog.outputs)
MODELS = {name: cls for kind in KINDS for name, cls in kind().items()}


def text(mathml):
    return html.unescape(re.sub("<[^>]*>", "", mathml))


def marked(mathml):
    return set(re.findall('data-path="([^"]*)"', mathml))


@pytest.mark.parametrize("name", MODELS)
def test_marking_the_symbols_changes_no_formula_and_misses_none(name):
    model = MODELS[name]
    found = typeset.equation_of(model, model.equation)
    assert text(found) == text(typeset.equation(model.equation))
    # What is not part of a longer name: neither in a subscript, nor with one, nor a derivative's d.
    bare = re.sub(r"\\frac\{d(?:[^{}]|\{[^{}]*\})*\}\{dt\}", " ", model.equation)
    expected = set()
    for path, spec in model.parameters().items():
        own = re.escape(spec.symbol)
        inner = re.sub(r"_(?:\{(?:[^{}]|\{[^{}]*\})*\}|\\?\w+|[+-])", "", bare)
        where = bare if "_" in spec.symbol else inner
        # a name with something below it is another name; letters of a command are none
        named = {o.symbol.split("_")[0] for o in model.parameters().values() if "_" in o.symbol}
        if spec.symbol in named and "_" not in spec.symbol:
            where = re.sub(re.escape(spec.symbol) + r"_", " ", bare)
        if re.search(rf"(?<![\\A-Za-z]){own}(?![A-Za-z_^])|(?<![\\A-Za-z]){own}\^[23]", where):
            expected.add(path)
    assert {p for p in expected if not isinstance(model.parameters()[p], InitialSpec)} <= marked(
        found
    )


def test_a_part_of_a_name_and_the_d_of_a_derivative_are_no_symbols():
    symbols = (("T", "T"), ("d", "d"), ("c", "c"), ("V", "V"))
    found = typeset.equation(r"\frac{dV}{dt} = V_T + T_c + V_c + d T", symbols)
    assert re.findall('data-path="([^"]*)"', found) == ["d", "T"]


def test_two_synapses_of_one_kind_share_an_equation_and_two_kinds_have_their_own():
    lab = SynapseLab()
    assert "synapse.T_dur" in marked(lab.insight.equation)
    assert "output.E" in marked(lab.insight.equation)
    assert marked(lab.insight.equation) <= {*lab.experiment.specs}


@pytest.mark.parametrize("lab", [NeuronLab, NetworkLab])
def test_every_marked_symbol_of_the_first_page_has_its_row(lab):
    page = lab()
    rows = {row["path"] for group in page.rail.groups for row in group["controls"]}
    assert marked(page.insight.equation)
    assert marked(page.insight.equation) <= rows or lab is NetworkLab
    assert marked(page.insight.equation) <= {*page.experiment.specs}
    assert isinstance(page.experiment, Experiment | NetworkExperiment)


@pytest.mark.parametrize("name", catalog.neurons())
def test_a_row_tells_the_source_of_its_model_and_a_setting_has_none(name):
    groups = NeuronLab.groups(Experiment(catalog.neuron(name)))
    rows = {row["path"]: row for group in groups for row in group["controls"]}
    own = [p for p in catalog.neuron(name).parameters() if p in rows]
    assert own
    for path in own:
        assert re.search(r"\d{4}", rows[path]["source"]), path
    assert rows["dt"]["source"] == rows["duration"]["source"] == ""


def shown():
    own = [v for v in subclasses(View) if v.title]
    return [*own, *subclasses(SmallView), views.SurrogateView, views.CurrentVoltageView]


@pytest.mark.parametrize("view", shown(), ids=lambda view: view.__name__)
def test_every_plot_says_in_two_or_three_sentences_what_it_is(view):
    assert "help" in vars(view), "the words of another plot"
    assert 1 <= len(re.findall(r"[.;](?:\s|$)", view.help)) <= 5
    assert view.help[0].isupper()
    assert view.help.endswith(".")
    assert len(view.help) < 320


def test_a_figure_carries_its_words():
    view = views.VoltageView(Window(100.0))
    assert view.figure.tags == [f"help:{view.help}\n{HANDLING}"]
