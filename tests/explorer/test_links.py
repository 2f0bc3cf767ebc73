"""A link carries an experiment, all of it, and can do no harm."""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine import LIF, Experiment, LIFRef
from explorer import links
from explorer.links import from_query, to_query
from tests.explorer.strategies import experiments, same

DEFAULT = Experiment(LIF)


@given(experiments())
@example(Experiment(LIF).set("seed", 2**31 - 1))  # ten digits
@example(Experiment(LIF).set("tau", 1 / 3))
@example(Experiment(LIF).set("tau.spread", 0.2))  # the spread's own default
def test_every_experiment_comes_back_from_its_link_unchanged(experiment):
    link = from_query(to_query(experiment, DEFAULT), DEFAULT)
    assert same(link.experiment, experiment)
    assert len(link.complaints) == len(experiment.problems())


@given(experiments())
def test_a_link_may_start_with_a_question_mark(experiment):
    query = to_query(experiment, DEFAULT)
    assert from_query(f"?{query}", DEFAULT) == from_query(query, DEFAULT)


@given(experiments(), experiments())
def test_a_link_is_read_on_top_of_any_start(experiment, home):
    assert same(from_query(to_query(experiment, home), home).experiment, experiment)
    assert to_query(home, home) == ""


def test_the_default_needs_no_query():
    assert to_query(DEFAULT, DEFAULT) == ""
    assert from_query("", DEFAULT) == links.ReadLink(DEFAULT)
    assert to_query(DEFAULT.set("tau", 77.0).set("tau", DEFAULT["tau"]), DEFAULT) == ""


@given(experiments())
def test_nothing_is_written_that_could_be_left_out(experiment):
    pairs = to_query(experiment, DEFAULT).split("&")[:-1]  # the last one is the version
    for pair in pairs:
        shorter = "&".join(p for p in pairs if p != pair)
        assert not same(from_query(shorter, DEFAULT).experiment, experiment), pair


def test_a_query_is_readable():
    experiment = replace(Experiment(LIFRef).set("tau", 20.5), watched=(3,))
    experiment = experiment.set("stimulus", "Ramp").set("stimulus.final", 2.5)
    query = to_query(experiment, DEFAULT)
    assert query.startswith("model=LIFRef&")
    assert query == "model=LIFRef&stimulus=Ramp&tau=20.5&stimulus.final=2.5&watched=3&v=1"


@given(st.text(max_size=300))
@example("tau=\ud800")
@example("%ff%fe=%00&=&&==;tau")
@example("watched=1,,2")
@example("watched=" + "9" * 5000)
@example("n=1e30&watched=5")
@example("v=")
@example("v=²")
@example("tau=1e999&V_th=-inf&seed=0x10")
@example("spk_fun.alpha=1&spk_fun=Nothing&noise.spread=1&.spread=1&spread=2")
def test_no_text_breaks_the_reader(text):
    link = from_query(text, DEFAULT)
    assert isinstance(link.experiment, Experiment)
    assert all(sentence.endswith(".") and sentence[0].isupper() for sentence in link.complaints)


PATHS = ("tau", "V_th", "V_reset", "tau.spread", "stimulus.amplitude", "spk_fun.alpha")
SETTINGS = ("n", "dt", "duration", "seed", "watch", "v", "theme")
WORDS = st.sampled_from(("model", "spk_reset", "stimulus", "noise", "spk_fun", *PATHS, *SETTINGS))
VALUES = st.one_of(
    st.text(max_size=12),
    st.floats().map(str),
    st.integers().map(str),
    st.sampled_from(["LIF", "ALIF", "Ramp", "OUNoise", "None", "hard", "20 ms", "20 mV", "1e-9 s"]),
)


@given(st.lists(st.tuples(WORDS, VALUES), max_size=8))
def test_wrong_values_under_real_names_do_no_harm(pairs):
    link = from_query("&".join(f"{name}={value}" for name, value in pairs), DEFAULT)
    experiment = link.experiment
    for path, spec in experiment.specs.items():
        assert spec.check(experiment[path], path) == experiment[path]
    assert all(0 <= i < experiment.n for i in experiment.watched)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("model=Nope", ["'model'", "Nope"]),
        ("tau=banana", ["'tau'", "banana"]),
        ("taw=3", ["taw", "did you mean 'tau'"]),
        ("tau=20 mV", ["tau must be a time", "20 mV"]),
        ("V_th=1e999", ["V_th must be a finite number"]),
        ("spk_reset=medium", ["spk_reset", "'soft'"]),
        ("watched=100", ["'watched'", "0 to 99", "100"]),
        ("watched=one", ["'watched'", "one"]),
        ("v=2", ["newer version"]),
        ("v=10", ["newer version"]),
        ("v=next", ["newer version"]),
    ],
)
def test_what_cannot_be_used_is_said_and_the_rest_is_taken(query, words):
    link = from_query(f"V_reset=-1.5&{query}", DEFAULT)
    assert link.experiment == DEFAULT.set("V_reset", -1.5)
    assert len(link.complaints) == 1
    for word in words:
        assert word in link.complaints[0]


def test_our_own_version_is_no_complaint():
    assert from_query("tau=20&v=1", DEFAULT).complaints == ()


def test_keys_of_others_are_passed_over():
    assert from_query("utm_source=mail&theme=dark&tau=20", DEFAULT).complaints == ()


def test_a_query_that_is_too_long_is_refused_whole():
    link = from_query("tau=20&" + "x" * links.LONGEST_QUERY, DEFAULT)
    assert link.experiment is DEFAULT
    assert "too long" in link.complaints[0]


def test_values_that_do_not_fit_together_are_kept_and_said():
    link = from_query("V_reset=20&V_th=10", DEFAULT)
    assert (link.experiment["V_reset"], link.experiment["V_th"]) == (20.0, 10.0)
    assert len(link.complaints) == 1
    assert "V_reset must be below V_th" in link.complaints[0]


def test_a_link_does_not_ask_for_thousands_of_traces():
    watch = ",".join(str(i % 100) for i in range(2000))
    link = from_query(f"watched={watch}", DEFAULT)
    assert link.experiment.watched == DEFAULT.watched
    assert "'watched'" in link.complaints[0]
