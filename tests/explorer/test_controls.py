"""The rail shows what is declared: everything, once, with its unit, range and meaning."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import LIF, Experiment, catalog, inputs, surrogates
from explorer import controls, typeset
from explorer.labs import NeuronLab

MODELS = sorted(catalog.neurons())
HEADER = {"model"}
"""Choices that the header shows instead of the rail."""


def rows(experiment):
    return [row for group in NeuronLab.groups(experiment) for row in group["controls"]]


def by_path(experiment):
    return {row["path"]: row for row in rows(experiment)}


def experiments(model):
    """Every choice of a model's experiment, each at least once."""
    experiment = Experiment(catalog.neuron(model))
    yield experiment
    for path, spec in experiment.choice_specs.items():
        if path not in HEADER:
            for option in spec.options:
                yield experiment.set(path, option)
    spread = experiment
    for path in experiment.specs:
        if experiment.can_spread(path):
            spread = spread.set(f"{path}.spread", 0.1)
    yield spread


@pytest.mark.parametrize("model", MODELS)
def test_every_parameter_and_choice_has_exactly_one_control(model):
    for experiment in experiments(model):
        paths = [row["path"] for row in rows(experiment)]
        assert len(paths) == len(set(paths))
        without = {p for p, spec in experiment.choice_specs.items() if not spec.has_effect}
        assert set(paths) | HEADER == {*experiment, controls.WATCHED} - without
        assert set(controls.values(experiment)) >= set(paths)


def test_a_choice_without_effect_is_not_offered():
    assert "spk_reset" in by_path(Experiment(LIF))
    assert "spk_reset" not in by_path(Experiment(catalog.neuron("HH")))


@pytest.mark.parametrize("model", MODELS)
def test_every_control_says_what_it_is(model):
    for experiment in experiments(model):
        for row in rows(experiment):
            assert row["label"], row
            assert row["meaning"].endswith("."), row
            assert row["meaning"][0] == row["meaning"][0].upper(), row
            assert row["kind"] in ("number", "choice", "list")
            if row["kind"] == "number":
                assert row["symbol"].startswith("<math"), row


@pytest.mark.parametrize("model", MODELS)
def test_numbers_carry_what_was_declared(model):
    for experiment in experiments(model):
        for path, row in by_path(experiment).items():
            if row["kind"] != "number" or path == controls.WATCHED:
                continue
            spec = experiment.specs[path]
            assert row["default"] == spec.default_number
            assert bool(row["unit"]) == bool(spec.unit_text)
            assert spec.hard.contains(row["default"])
            assert row["live"] == (not spec.structural)
            assert row["spread"] == (experiment.can_spread(path) and "initializer" not in path)


@pytest.mark.parametrize("model", MODELS)
def test_the_slider_lies_within_what_is_accepted_and_holds_the_default(model):
    for experiment in experiments(model):
        for path, row in by_path(experiment).items():
            if row["kind"] != "number" or path == controls.WATCHED:
                continue
            low, high = row["soft"]
            least = -math.inf if row["hard"][0] is None else row["hard"][0]
            most = math.inf if row["hard"][1] is None else row["hard"][1]
            assert least <= low < high <= most, path
            assert low <= row["default"] <= high, path
            assert experiment.specs[path].hard.contains(low), path
            assert experiment.specs[path].hard.contains(high), path
            if row["scale"] == "log":
                assert low > 0, path


@pytest.mark.parametrize("model", MODELS)
def test_steps_are_round_and_fine_enough(model):
    for experiment in experiments(model):
        for row in rows(experiment):
            if row["kind"] != "number":
                continue
            step, (low, high) = row["step"], row["soft"]
            assert is_round(step), row
            if not row["integer"]:
                assert 80 <= (high - low) / step <= 201, row


def is_round(step):
    leading = step / 10 ** math.floor(math.log10(step) + 1e-9)
    return any(math.isclose(leading, m, rel_tol=1e-6) for m in (1, 2, 5))


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_any_range_gets_a_round_step(low, width):
    high = low + width
    if high - low < 1e-9:
        return
    step = controls._step(low, high)
    assert is_round(step)
    assert 79 <= (high - low) / step <= 201


@pytest.mark.parametrize("model", MODELS)
def test_choices_list_their_options_with_a_hint(model):
    for row in rows(Experiment(catalog.neuron(model))):
        if row["kind"] == "number":
            continue
        values = [option["value"] for option in row["options"]]
        assert row["default"] in values
        assert len(values) == len(set(values))
        assert len({option["label"] for option in row["options"]}) == len(values)
        for option in row["options"]:
            assert option["hint"] or option["value"] == "None", (row["path"], option)


def test_every_stimulus_and_surrogate_can_be_chosen():
    found = by_path(Experiment(LIF))
    assert {o["value"] for o in found["spk_fun"]["options"]} == set(surrogates.catalogue())
    assert {o["value"] for o in found["stimulus"]["options"]} >= set(inputs.catalogue())


def test_every_model_can_be_picked_and_says_what_it_is():
    options = controls.model_options(catalog.neurons())
    assert {option["value"] for option in options} == set(MODELS)
    assert all(option["hint"] for option in options)


def test_a_spread_stands_right_under_its_parameter():
    paths = [row["path"] for row in rows(Experiment(LIF).set("tau.spread", 0.2))]
    assert paths[paths.index("tau") + 1] == "tau.spread"


@pytest.mark.parametrize("model", MODELS)
def test_groups_have_names_of_their_own_and_are_never_empty(model):
    groups = NeuronLab.groups(Experiment(catalog.neuron(model)))
    assert all(group["controls"] and group["title"] for group in groups)
    assert len({group["id"] for group in groups}) == len(groups)


@pytest.mark.parametrize("model", MODELS)
def test_a_model_s_equation_is_typeset(model):
    shown = typeset.equation(catalog.neuron(model).equation)
    assert shown.startswith('<div class="line"><math')
    assert shown.count("<math") == shown.count("</math>") >= 1
    assert "\\" not in shown


def test_units_are_written_as_in_print():
    every = itertools.chain.from_iterable(rows(Experiment(catalog.neuron(m))) for m in MODELS)
    for row in every:
        assert "ohm" not in row.get("unit", ""), row


def test_the_neuron_that_is_shown_is_chosen_among_those_there_are():
    row = by_path(Experiment(LIF).set("n", 7))[controls.WATCHED]
    assert row["soft"] == row["hard"] == [0, 6]
    assert controls.WATCHED not in by_path(Experiment(LIF).set("n", 1))


@given(st.floats(-1e6, 1e6))
def test_a_slider_reaches_a_value_beyond_it_and_then_holds_still(value):
    experiment = Experiment(LIF).set("V_rest", value)
    ranges = controls.widened(experiment, {})
    low, high = by_path_with(experiment, ranges)["V_rest"]["soft"]
    assert low <= value <= high
    assert controls.widened(experiment, ranges) == ranges
    back = experiment.set("V_rest", (low + high) / 2)
    assert controls.widened(back, ranges) == ranges


@given(st.floats(1e-3, 1e6))
def test_a_slider_that_is_widened_stays_within_what_is_accepted(value):
    experiment = Experiment(LIF).set("tau", value)
    row = by_path_with(experiment, controls.widened(experiment, {}))["tau"]
    assert row["soft"][0] <= value <= row["soft"][1]
    assert row["soft"][0] >= 0


def by_path_with(experiment, ranges):
    return {
        row["path"]: row
        for group in NeuronLab.groups(experiment, ranges)
        for row in group["controls"]
    }


@pytest.mark.parametrize("model", [*catalog.neurons(), *catalog.synapses()])
def test_no_line_of_an_equation_is_much_too_long(model):
    for line in catalog.find(model).equation.split(r"\quad"):
        parts = typeset._broken(line.strip())
        assert all(typeset._width(part) <= 1.5 * typeset.LONGEST_LINE for part in parts)
        assert "".join(parts).replace(r"\qquad ", "").split() == line.split()


def test_a_long_sum_goes_on_in_the_next_line():
    long = "x = " + " + ".join(f"a_{i} (b_{i} - c_{i})" for i in range(8))
    assert typeset.equation(long).count('class="line"') > 1
    assert typeset.equation("x = a + b").count('class="line"') == 1


@pytest.mark.parametrize(
    ("path", "name", "shown"),
    [
        ("train", "PairedPulses", "Paired pulses"),
        ("stimulus", "PulseTrain", "Pulse train"),
        ("noise", "OUNoise", "Ornstein-Uhlenbeck noise"),
        ("model", "FitzHughNagumo", "FitzHughNagumo"),
        ("noise", "None", "none"),
    ],
)
def test_options_read_as_words_where_they_are_no_names(path, name, shown):
    assert controls._option(path, name) == shown
