"""The experiment as a value: reading, changing, checking, writing."""

import json

import pytest
import saiunit as u
from hypothesis import given
from hypothesis import strategies as st

from engine import ALIF, HH, IF, LIF, Experiment, LIFRef, catalog, inputs, surrogates
from engine.base_experiment import SCHEMA, spread_spec
from engine.errors import ParameterError
from engine.memory import MemoryBudgetError, budget, estimate, require_budget
from engine.specs import Interval

MODELS = catalog.neurons()
EACH = pytest.mark.parametrize("cls", MODELS.values(), ids=MODELS.keys())


def refused(act):
    with pytest.raises(ParameterError) as error:
        act()
    return error.value


def sentences(experiment):
    return [str(problem) for problem in experiment.problems()]


def given_values(cls):
    """Draw numbers inside their sliders for some paths of the default experiment."""
    specs = Experiment(cls).specs
    numbers = {
        p: st.integers(int(s.soft[0]), int(s.soft[1])) if s.integer else st.floats(*s.soft)
        for p, s in specs.items()
    }
    return st.fixed_dictionaries({}, optional=numbers)


# ---------------------------------------------------------------- reading and changing


@EACH
def test_the_default_experiment_is_sound_and_holds_only_defaults(cls):
    experiment = Experiment(cls)
    assert experiment.problems() == []
    experiment.validate()
    for path, spec in experiment.specs.items():
        assert experiment[path] == spec.default_number
    assert set(experiment.differences()) <= {"model"}
    assert set(experiment) == set(experiment.specs) | set(experiment.choice_specs)


def test_a_value_is_set_as_a_quantity_a_number_or_a_text():
    experiment = Experiment(LIF)
    for value in (20 * u.ms, 0.02 * u.second, 20, 20.0, "20", "20 ms", "0.02 s"):
        assert experiment.set("tau", value)["tau"] == pytest.approx(20.0)
    assert experiment.set("tau", 20).quantity("tau") == 20 * u.ms
    assert experiment["tau"] == 5.0


def test_a_choice_is_set_by_its_name():
    experiment = Experiment(LIF).set("spk_reset", "hard").set("stimulus", "Sine")
    experiment = experiment.set("noise", "None").set("spk_fun", "Sigmoid").set("model", "ALIF")
    assert experiment.model is ALIF
    assert experiment.stimulus is inputs.Sine
    assert experiment.noise is None
    assert experiment.surrogate is surrogates.Sigmoid
    paths = ("model", "spk_reset", "stimulus", "noise", "spk_fun")
    assert [experiment[p] for p in paths] == ["ALIF", "hard", "Sine", "None", "Sigmoid"]
    assert experiment.set("noise", "OUNoise").noise is inputs.OUNoise


def test_an_amplitude_is_in_the_input_unit_of_the_model():
    experiment = Experiment(LIFRef)
    assert experiment["stimulus.amplitude"] == u.get_mantissa(LIFRef.input.default)
    assert experiment.set("stimulus.amplitude", "500 uA")["stimulus.amplitude"] == pytest.approx(
        0.5
    )
    assert experiment.quantity("stimulus.amplitude") == LIFRef.input.default


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("tau", 10 * u.mV, "tau must be a time, got 10 mV"),
        ("tau", "10 mV", "tau must be a time, got 10 mV; write 20 ms"),
        ("tau", -1, "tau must be above 0 ms, got -1 ms"),
        ("tau", float("nan"), "tau must be a finite number, got nan"),
        ("tau", True, "tau must be a time, got True"),
        ("tau", None, "tau must be a time, got None"),
        ("n", 2.5, "n must be a whole number, got 2.5"),
        ("n", 0, "n must be between 1 and 1e+06, got 0"),
        ("seed", -1, "seed must be between 0 and 2.14748e+09, got -1"),
        ("taw", 5, "no parameter 'taw' in LIF; did you mean 'tau'?"),
        ("stimulus.stat", 5, "no parameter 'stimulus.stat' in LIF; did you mean 'stimulus.start'?"),
        ("spk_reset", "sof", "spk_reset must be one of 'soft', 'hard', got 'sof'"),
        ("noise", "Step", "noise must be one of 'None', 'OUNoise', 'ShotNoise', got 'Step'"),
        (
            "dt.spread",
            0.1,
            "dt is the same for all neurons; can differ: R, tau, V_th, V_reset, V_rest, "
            "V_initializer",
        ),
        ("taw.spread", 0.1, "no parameter 'taw' in LIF; did you mean 'tau'?"),
        ("tau", [1], "tau must be a time, got a list"),
        ("tau.spread", -0.1, "tau.spread must be between 0 and 2, got -0.1"),
    ],
)
def test_what_cannot_be_set_is_refused_at_its_path(path, value, sentence):
    error = refused(lambda: Experiment(LIF).set(path, value))
    assert str(error) == sentence
    assert error.path in (path, path.removesuffix(".spread"))


def test_reading_an_unknown_path_suggests_the_nearest():
    assert "did you mean 'tau'" in str(refused(lambda: Experiment(LIF)["taw"]))


@EACH
@given(data=st.data())
def test_what_is_set_is_read_again_and_without_undoes_it(cls, data):
    values = data.draw(given_values(cls))
    experiment = Experiment(cls).update(values)
    for path in experiment.specs:
        assert experiment[path] == values.get(path, experiment.specs[path].default_number)
    assert dict(experiment.values) == values
    for path in values:
        experiment = experiment.without(path)
    assert experiment == Experiment(cls)


def test_an_experiment_is_never_changed_in_place():
    experiment = Experiment(LIF)
    experiment.set("tau", 9)
    assert experiment == Experiment(LIF)
    with pytest.raises(TypeError):
        experiment.values["tau"] = 9
    with pytest.raises(AttributeError):
        experiment.model = ALIF


def test_equal_experiments_have_equal_hashes():
    a, b = (Experiment(LIF).set("tau", 9).set("spk_reset", "hard") for _ in range(2))
    assert a == b
    assert hash(a) == hash(b)
    assert a != a.set("tau", 8)


def test_a_choice_is_put_back_to_its_default():
    experiment = Experiment(LIF).set("spk_reset", "hard").set("stimulus", "Sine")
    assert experiment.without("spk_reset").without("stimulus").differences() == {}


def test_differences_name_what_is_not_the_default():
    experiment = Experiment(ALIF).set("tau", 9).set("beta", 0.1).set("tau.spread", 0.2)
    assert experiment.differences() == {"model": "ALIF", "tau": 9.0, "tau.spread": 0.2}


def test_an_update_sets_choices_before_the_numbers_that_they_bring():
    values = {"beta": 0.3, "stimulus.frequency": 7, "stimulus": "Sine", "model": "ALIF"}
    experiment = Experiment(LIF).update(values)
    assert (experiment["beta"], experiment["stimulus.frequency"]) == (0.3, 7.0)


# ---------------------------------------------------------------- another model


def test_another_model_keeps_what_means_the_same():
    experiment = Experiment(LIFRef).update(
        {"tau": 12, "tau_ref": 3, "tau.spread": 0.3, "spk_reset": "hard", "duration": 300, "n": 7}
    )
    changed = experiment.set("model", "LIF")
    assert dict(changed.values) == {"tau": 12.0, "tau.spread": 0.3, "duration": 300.0, "n": 7.0}
    assert changed["spk_reset"] == "hard"


def test_another_stimulus_keeps_the_times_that_it_has():
    experiment = Experiment(LIF).update({"stimulus.start": 50, "stimulus.stop": 90, "tau": 9})
    changed = experiment.set("stimulus", "Ramp")
    assert dict(changed.values) == {"stimulus.start": 50.0, "stimulus.stop": 90.0, "tau": 9.0}
    assert dict(changed.set("stimulus", "Constant").values) == {"tau": 9.0}


def test_a_parameter_of_the_same_name_but_another_meaning_is_not_kept(monkeypatch):
    class _Slow(LIF):
        tau = LIF.tau.but(default=500.0 * u.ms, soft=(100.0, 5000.0))

    monkeypatch.setattr(catalog, "neurons", lambda: {"LIF": LIF, "_Slow": _Slow})
    changed = Experiment(LIF).set("tau", 9).set("R", 2).set("model", "_Slow")
    assert dict(changed.values) == {"R": 2.0}
    assert changed["tau"] == 500.0


@EACH
@given(data=st.data(), other=st.sampled_from(list(MODELS)))
def test_every_model_can_follow_every_other(cls, other, data):
    experiment = Experiment(cls).update(data.draw(given_values(cls)))
    changed = experiment.set("model", other)
    assert changed.model is MODELS[other]
    assert set(changed.values) <= set(changed.specs)


# ---------------------------------------------------------------- spreads


def test_a_positive_parameter_spreads_in_proportion_and_another_by_a_deviation():
    proportion, deviation = spread_spec(LIF.tau), spread_spec(LIF.V_rest)
    assert (proportion.unit_text, proportion.hard) == ("", Interval(0.0, 2.0))
    assert (deviation.unit_text, deviation.hard.low) == ("mV", 0.0)
    assert deviation.default_number == pytest.approx(0.05 * 4)
    assert "coefficient of variation" in proportion.meaning
    assert "standard deviation" in deviation.meaning


def test_a_spread_is_switched_on_read_and_switched_off():
    experiment = Experiment(LIF)
    assert experiment.can_spread("tau")
    assert not experiment.can_spread("dt")
    assert not experiment.can_spread("noise.tau")
    on = experiment.set("V_rest.spread", 0.5 * u.mV)
    assert (on["V_rest.spread"], on.spread_paths) == (0.5, ("V_rest.spread",))
    assert on.quantity("V_rest.spread") == 0.5 * u.mV
    assert on.without("V_rest.spread") == experiment
    assert "V_rest.spread" not in experiment.specs


# ---------------------------------------------------------------- problems


@pytest.mark.parametrize(
    ("values", "path", "sentence"),
    [
        (
            {"tau": 1, "dt": 0.6},
            "dt",
            "dt must be at most half of the fastest time constant, tau = 1 ms; choose dt = 0.5 ms "
            "or less",
        ),
        (
            {"V_reset": 2, "V_th": 1.5},
            "V_reset",
            "V_reset must be below V_th, got 2 mV and 1.5 mV",
        ),
        (
            {"stimulus.start": 300, "stimulus.stop": 200},
            "stimulus.start",
            "stimulus.start must be below stimulus.stop, got 300 ms and 200 ms",
        ),
        (
            {"duration": 1e6, "dt": 0.1},
            "duration",
            "duration and dt make 1e+07 steps, more than 5,000,000; choose a shorter duration or a "
            "larger dt",
        ),
    ],
)
def test_numbers_that_do_not_go_together_are_named(values, path, sentence):
    experiment = Experiment(LIF).update(values)
    assert sentences(experiment) == [sentence]
    assert experiment.problems()[0].path == path
    assert str(refused(experiment.validate)) == sentence


def test_all_problems_are_given_at_once():
    experiment = Experiment(LIF, watched=(7,)).update({"V_reset": 2, "dt": 3, "n": 5})
    assert [p.path for p in experiment.problems()] == ["V_reset", "dt", "watched"]


@pytest.mark.parametrize("watched", [(5,), (-1,), (0, 99)])
def test_only_neurons_that_exist_can_be_watched(watched):
    experiment = Experiment(LIF, watched=watched).set("n", 5)
    assert sentences(experiment) == [f"watched neurons must be between 0 and 4, got {watched}"]


@given(st.floats(0.01, 1.0), st.integers(1, 100_000))
def test_a_duration_of_whole_steps_has_that_many(dt, steps):
    experiment = Experiment(LIF).set("dt", dt).set("duration", dt * steps)
    assert experiment.n_steps == steps


@pytest.mark.parametrize(("duration", "steps"), [(0.01, 1), (0.25, 3), (0.3, 3), (1000, 10_000)])
def test_a_duration_between_two_steps_is_rounded_up(duration, steps):
    assert Experiment(LIF).set("duration", duration).n_steps == steps


# ---------------------------------------------------------------- memory


def test_a_run_that_does_not_fit_is_refused_before_it_starts(monkeypatch):
    monkeypatch.setenv("SPIKESCOPE_MEMORY_MB", "512")
    experiment = Experiment(LIF).update({"n": 1_000_000, "duration": 50_000})
    with pytest.raises(MemoryBudgetError) as error:
        require_budget(experiment)
    assert error.value.path == "n"
    assert str(error.value).startswith("n = 1,000,000 neurons over 500,000 steps need about ")
    assert "more than the 0.5 GB allowed; choose fewer neurons" in str(error.value)
    require_budget(Experiment(LIF))


def test_the_budget_is_two_gigabytes_unless_set(monkeypatch):
    monkeypatch.delenv("SPIKESCOPE_MEMORY_MB", raising=False)
    assert budget() == 2 * 2**30
    monkeypatch.setenv("SPIKESCOPE_MEMORY_MB", "100")
    assert budget() == 100 * 2**20


@given(st.integers(1, 10_000), st.floats(1, 5000))
def test_more_neurons_or_more_time_never_need_less_memory(n, duration):
    one = Experiment(LIF).update({"n": n, "duration": duration})
    longer, larger = one.set("duration", 2 * duration), one.set("n", 2 * n)
    assert estimate(one) < estimate(longer)
    # chunks get shorter as populations grow, in steps of 64
    assert estimate(one) < 1.2 * estimate(larger)


# ---------------------------------------------------------------- what a program depends on


@EACH
def test_a_number_does_not_change_the_structure_and_a_choice_does(cls):
    experiment = Experiment(cls)
    for path, spec in experiment.specs.items():
        changed = experiment.set(path, spec.soft[1])
        assert (changed.structure == experiment.structure) != spec.structural, path
    for path, spec in experiment.choice_specs.items():
        for option in spec.options:
            if option != experiment[path]:
                same = experiment.set(path, option).structure == experiment.structure
                assert same == (path == "spk_fun"), path


def test_a_structure_can_stand_in_a_dictionary():
    experiment = Experiment(LIF)
    assert len({experiment.structure, experiment.set("tau", 9).structure}) == 1
    assert experiment.structure != experiment.set("tau.spread", 0.1).structure
    assert "noise" not in experiment.set("noise", "None").structure.slots


def test_a_model_with_sharp_spikes_has_a_smaller_time_step():
    experiment = Experiment(HH)
    assert (experiment["dt"], experiment.specs["dt"].soft) == (0.05, (0.01, 0.05))
    assert experiment.problems() == []
    (problem,) = experiment.set("dt", 0.1).problems()
    assert problem.path == "dt"
    assert str(problem) == (
        "dt must be at most 0.05 ms for the spikes of HH; choose dt = 0.05 ms or less"
    )
    assert Experiment(LIF).set("dt", 0.2).set("model", "HH")["dt"] == 0.05


# ---------------------------------------------------------------- JSON


@EACH
@given(data=st.data())
def test_what_is_written_is_read_again(cls, data):
    experiment = Experiment(cls, watched=(0, 2)).update(data.draw(given_values(cls)))
    for path, spec in experiment.choice_specs.items():
        if path != "model" and path in experiment.choice_specs:
            experiment = experiment.set(path, data.draw(st.sampled_from(spec.options), path))
    if data.draw(st.booleans(), "spread"):
        experiment = experiment.set(f"{next(iter(cls.parameters()))}.spread", 0.3)
    found = Experiment.from_json(experiment.to_json())
    assert found.differences() == experiment.differences()
    assert {p: found[p] for p in found} == {p: experiment[p] for p in experiment}
    assert (found.structure, found.watched) == (experiment.structure, experiment.watched)
    assert found.to_json() == experiment.to_json()


def test_the_json_holds_the_schema_and_only_what_differs():
    content = json.loads(Experiment(IF).set("tau", 9).set("R", 1).to_json())
    assert content == {
        "schema": SCHEMA,
        "model": "IF",
        "watched": [0],
        "values": {"model": "IF", "tau": 9.0},
    }


def written(**changes):
    return json.dumps({"schema": 1, "model": "LIF", "watched": [0], "values": {}} | changes)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[]",
        "{}",
        "3",
        "null",
        '"text"',
        written(values=[1]),
        written(values=None),
        written(model=["LIF"]),
        written(watched=3),
        written(watched=["a"]),
        written(schema="x"),
        written(schema=None),
    ],
)
def test_another_text_is_no_experiment_file(text):
    error = refused(lambda: Experiment.from_json(text))
    assert str(error).startswith("this is not an experiment file: ")
    assert error.path == "file"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (written(schema=2), "this file was written by a newer version (schema 2, known 1); update"),
        (written(model="XYZ"), "no model 'XYZ' in the catalogue; "),
        (written(values={"tau": -1}), "tau must be above 0 ms, got -1 ms"),
        (written(values={"tau": float("nan")}), "tau must be a finite number, got nan"),
        (written(values={"tau": None}), "tau must be a time, got None"),
        (written(values={"tau": [1]}), "tau must be a time, got a list"),
        (written(values={"spk_reset": ["soft"]}), "spk_reset must be one of 'soft', 'hard'"),
        (written(values={"foo": 1}), "no parameter 'foo' in LIF; known: R, tau"),
    ],
)
def test_a_file_with_a_bad_value_says_which(text, sentence):
    assert str(refused(lambda: Experiment.from_json(text))).startswith(sentence)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["schema", "model", "values", "watched", "tau"]), inner, max_size=5
            )
        ),
        max_leaves=8,
    )
)
def test_any_json_gives_an_experiment_or_a_sentence(content):
    for text in (json.dumps(content), written(values=content), written(watched=content)):
        try:
            Experiment.from_json(text).problems()
        except ParameterError as error:
            assert str(error)  # noqa: PT017


@pytest.mark.parametrize("dt", [1e-308, 1e-7, 1e4])
def test_a_time_step_that_no_model_could_use_is_refused(dt):
    with pytest.raises(ParameterError, match="dt must be between"):
        Experiment(LIF).set("dt", dt)
