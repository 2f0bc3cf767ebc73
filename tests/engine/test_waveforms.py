"""Stimuli that are given point by point: their values, their text, and their tables."""

import contextlib

import numpy as np
import pytest
import saiunit as u
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import HH, LIF, Experiment, Izhikevich, ParameterError, inputs, simulate, waveforms
from engine.simulation import compile_simulation
from engine.waveforms import (
    MOST_POINTS,
    DrawnSteps,
    DrawnWaveform,
    read_points,
    read_waveform,
    simplify,
    write_points,
    write_waveform,
)

POINTS = "stimulus.points"
QUIET = Experiment(LIF).update({"n": 1, "noise": "None", "duration": 200.0})

numbers = st.floats(-1e6, 1e6).map(lambda v: v + 0.0)
times = st.floats(0.0, 1e6)
curves = st.lists(st.tuples(times, numbers), min_size=1, max_size=40).map(
    lambda points: read_points(points, u.nA, "w")
)


def drawn(points, kind="DrawnWaveform", start=QUIET):
    return start.set("stimulus", kind).set(POINTS, points)


def course(experiment):
    return simulate(experiment).traces["input"][:, 0]


# ---------------------------------------------------------------- values


@given(points=curves, dt=st.sampled_from([0.025, 0.1, 0.5]), first=st.integers(0, 10_000))
def test_a_drawn_course_runs_straight_from_point_to_point(points, dt, first):
    steps = np.arange(first, first + 200)
    found = DrawnWaveform.interpolate(points, steps, dt)
    t, v = np.array(points).T
    wanted = np.interp(steps * dt, t, v)
    near_jump = np.zeros(len(steps), bool)
    for at in t[1:][np.diff(t) < dt]:
        near_jump |= np.abs(steps * dt - at) <= 1.01 * dt
    scale = np.abs(v).max()
    close = np.abs(found - wanted) <= 1e-5 * scale + 1e-30
    assert (close | near_jump).all()
    assert found.min() >= np.float32(v.min())
    assert found.max() <= np.float32(v.max())


@given(points=curves, dt=st.sampled_from([0.025, 0.1, 0.5]))
def test_a_level_is_held_until_the_next(points, dt):
    steps = np.arange(400)
    found = DrawnSteps.interpolate(points, steps, dt)
    t, v = np.array(points).T
    wanted = [v[max(0, np.searchsorted(t, x + dt / 2, side="right") - 1)] for x in steps * dt]
    on_edge = [np.min(np.abs(t - x - dt / 2)) < 1e-5 * dt for x in steps * dt]
    assert (np.isclose(found, np.float32(wanted)) | on_edge).all()


@pytest.mark.parametrize("dt", [0.1, 0.3])
@pytest.mark.parametrize("kind", ["Constant", "Step", "Ramp", "PulseTrain"])
@pytest.mark.parametrize("target", ["DrawnWaveform", "DrawnSteps"])
def test_what_becomes_a_drawing_stays_what_it_was(kind, target, dt):
    before = QUIET.update({"stimulus": kind, "dt": dt})
    if kind == "PulseTrain":
        before = before.update({"stimulus.start": 12.0, "stimulus.frequency": 40.0})
    elif kind != "Constant":
        before = before.update({"stimulus.start": 30.0, "stimulus.stop": 90.02})
    after = before.set("stimulus", target)
    off = np.abs(course(after) - course(before))
    slope = kind == "Ramp" and target == "DrawnSteps"
    assert off.max() <= (0.02 * np.ptp(course(before)) if slope else 1e-5)


@pytest.mark.parametrize("kind", ["Sine", "Chirp", "OUNoise"])
def test_what_is_no_row_of_lines_becomes_one_that_is_close(kind):
    before = QUIET.set("stimulus", kind)
    after = before.set("stimulus", "DrawnWaveform")
    assert len(after[POINTS]) <= MOST_POINTS
    if kind != "OUNoise":
        assert np.abs(course(after) - course(before)).max() < 2e-3 * np.ptp(course(before))
    else:
        assert np.std(course(after)) > 0.5 * before["stimulus.sigma"]


def test_levels_and_lines_turn_into_each_other_and_back():
    levels = drawn("0:0, 50:1, 80:-1, 120:0", "DrawnSteps")
    lines = levels.set("stimulus", "DrawnWaveform")
    np.testing.assert_array_equal(course(levels), course(lines))
    assert lines.set("stimulus", "DrawnSteps")[POINTS] == levels[POINTS]


def test_a_drawing_can_be_shifted_and_stretched():
    base = drawn("0:0, 100:2, 200:0")
    found = course(base.update({"stimulus.gain": -0.5, "stimulus.offset": 0.25}))
    np.testing.assert_allclose(found, 0.25 - 0.5 * course(base), atol=1e-6)


def test_no_number_of_points_is_compiled(compilations):
    simulate(drawn("0:0, 100:2"))
    with compilations() as names:
        for count in (1, 3, 50, MOST_POINTS):
            simulate(drawn([(k / 10, k % 3) for k in range(count)]))
        assert (course(drawn([])) == 0).all()
    assert names == []


# ---------------------------------------------------------------- part of the experiment


def test_the_points_are_those_of_a_step_until_some_are_given():
    experiment = Experiment(LIF).set("stimulus", "DrawnWaveform")
    assert [t for t, _ in experiment[POINTS]] == [0.0, 100.0, 100.0, 800.0, 800.0]
    assert experiment.differences() == {"stimulus": "DrawnWaveform"}
    changed = experiment.set(POINTS, "0:1")
    assert changed.without(POINTS)[POINTS] == experiment[POINTS]
    assert experiment.set("stimulus", "Step").sequences == {}


@given(points=st.just(()) | curves)
def test_points_are_written_and_read_again(points):
    experiment = drawn(points)
    assert Experiment.from_json(experiment.to_json()) == experiment
    for between in (",", ", ", " ", ";"):
        assert read_points(write_points(points, between), u.nA, "w") == points


def test_another_model_gets_the_same_multiples_of_its_drive():
    model = drawn("0:0, 100:3").set("model", "Izhikevich")
    ratio = Izhikevich.input.default.mantissa / LIF.input.default.mantissa
    assert model[POINTS][1] == pytest.approx((100.0, 3.0 * ratio), rel=1e-5)
    assert Experiment(HH).set("stimulus", "DrawnWaveform").set("model", "LIF")[POINTS][1][1] == 0


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("0:0, 100", "'100' is not a point; write time:value, such as 100:2"),
        ("0:0:1", "'0:0:1' is not a point"),
        ([(1, 2, 3)], "is not a point"),
        ([5.0], "is not a point"),
        ("0:x", "'x' is not a number"),
        ("0 mV:1", "must be a time"),
        ("0:1 mV", "must be a current"),
        ("-1:0", "must not begin before 0 ms, got a point at -1"),
        ([(0, float("nan"))], "must be a finite number"),
        ([(k, 0) for k in range(1001)], "at most 1,000 points, got 1,001"),
    ],
)
def test_what_is_no_row_of_points_is_refused(value, sentence):
    with pytest.raises(ParameterError, match=sentence) as refused:
        drawn(value)
    assert refused.value.path == POINTS


def test_points_may_have_units_and_any_order():
    points = read_points("0.1 s: 2000 pA; 0:0\t50 ms:1 nA", u.nA, "w")
    assert points == ((0.0, 0.0), (50.0, 1.0), (100.0, 2.0))
    assert read_points([(1 * u.second, 5 * u.pA)], u.nA, "w")[0] == pytest.approx((1000.0, 0.005))
    three = read_points("10:1 10:5 10:2 0:0", u.nA, "w")
    assert three == ((0.0, 0.0), (10.0, 1.0), (10.0, 2.0))


# ---------------------------------------------------------------- fewer points


@given(values=st.lists(st.floats(-10, 10), min_size=2, max_size=200), most=st.integers(2, 30))
def test_a_thinned_curve_is_off_by_what_is_said(values, most):
    t = np.arange(len(values), dtype=float)
    chosen, error = simplify(t, values, most)
    off = np.abs(np.interp(t, t[chosen], np.array(values)[chosen]) - values)
    assert len(chosen) <= max(most, 2)
    assert off.max() == pytest.approx(error, abs=1e-9)
    assert {0, len(values) - 1} <= set(chosen)


# ---------------------------------------------------------------- frozen noise


def inputs_of(experiment, seed=0):
    watched = {"watched": (0, 1, 2)}
    return simulate(experiment.set("seed", seed), **watched).traces["input"]


@pytest.mark.parametrize("kind", ["OUNoise", "ShotNoise"])
def test_noise_can_be_frozen(kind):
    noisy = QUIET.update({"n": 3, "noise": kind})
    free, frozen = noisy, noisy.set("noise.seed", 7)
    assert not np.array_equal(inputs_of(free), inputs_of(free, seed=1))
    np.testing.assert_array_equal(inputs_of(frozen), inputs_of(frozen, seed=1))
    np.testing.assert_array_equal(inputs_of(frozen), inputs_of(free, seed=7))
    alike = inputs_of(noisy.set("noise.across", "all"))
    np.testing.assert_array_equal(alike, alike[:, :1].repeat(3, axis=1))
    assert np.ptp(alike[:, 0]) > 0
    assert not np.allclose(inputs_of(free)[:, 0], inputs_of(free)[:, 1])


def test_a_seed_of_the_noise_compiles_nothing(compilations):
    noisy = QUIET.set("noise", "OUNoise")
    simulate(noisy)
    with compilations() as names:
        simulate(noisy.update({"noise.seed": 5, "noise.sigma": 0.2}))
    assert names == []


def test_a_choice_goes_with_the_noise_that_it_belongs_to():
    frozen = Experiment(LIF).set("noise.across", "all")
    assert frozen.structure.shared == ("noise",)
    assert frozen.set("noise", "ShotNoise")["noise.across"] == "all"
    assert frozen.set("noise", "None").set("noise", "OUNoise")["noise.across"] == "each"
    assert "stimulus.across" not in frozen.choice_specs
    assert "stimulus.across" in frozen.set("stimulus", "OUNoise").choice_specs


def test_a_drawn_course_is_no_noise_and_no_input_of_a_network():
    assert "DrawnWaveform" not in Experiment(LIF).choice_specs["noise"].options
    from engine.populations import Population

    assert "DrawnSteps" not in Population(LIF).choices()["stimulus"].options
    assert set(Experiment(LIF).choice_specs["stimulus"].options) == set(inputs.catalogue())


# ---------------------------------------------------------------- tables


@given(points=curves)
def test_a_table_that_is_written_is_read_again(points):
    assert read_waveform(write_waveform(points, u.nA), u.nA).points == points


@pytest.mark.parametrize(
    "text",
    [
        "time (ms), current (nA)\n0, 0\n100, 0.25\n",
        "# recorded in June\n\ntime (ms),current (nA)\n% by hand\n0,0\n1e2,2.5e-1",
        "t [s]; I [pA]\n0; 0\n0,1; 250,0",
        "t [s]; I [pA]\n0; 0\n0.1; 250.0",
        "t/ms\tI/uA\n0\t0\n100\t0.00025",
        '"current (nA)","time (us)"\r\n0,0\r\n0.25,100000\r\n',
        "\ufefft (ms), I (µA)\n0, 0\n100, 0.00025",
    ],
)
def test_tables_of_many_forms_are_read(text, tmp_path):
    wanted = [(0.0, 0.0), (100.0, 0.25)]
    assert np.allclose(read_waveform(text, u.nA).points, wanted)
    file = tmp_path / "recorded.csv"
    file.write_text(text, encoding="utf-8")
    assert np.allclose(read_waveform(file, u.nA).points, wanted)
    assert np.allclose(read_waveform(str(file), u.nA).points, wanted)
    assert drawn(text)[POINTS] == read_waveform(text, LIF.input.unit).points


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "there is nothing to read; begin with a line such as"),
        ("# only a comment\n", "there is nothing to read"),
        ("0, 0\n100, 1", "line 1: the first line must name the columns"),
        ("time (ms)\n0\n", "line 1: there must be two columns"),
        ("t (ms), I (nA), V (mV)\n0, 0, 0", "line 1: there must be two columns"),
        ("time, current (nA)\n0, 0", "line 1: the column 'time' has no unit"),
        ("time (ms), current\n0, 0", "line 1: the column 'current' has no unit"),
        ("time (ms), current (apples)\n0, 0", "line 1: 'apples' is not a known unit"),
        ("time (ms), delay (s)\n0, 0", "line 1: both columns are times"),
        ("V (mV), current (nA)\n0, 0", "line 1: no column is a time"),
        (
            "time (ms), V (mV)\n0, 0",
            "line 1: the input is a current and the column 'V (mV)' is a potential; write it in nA",
        ),
        ("time (ms), I (nA)\n", "line 1: there are no numbers under the header"),
        (
            "time (ms), I (nA)\n0, 0\n1, 2, 3\n",
            "line 3: there must be two values, got 3: '1, 2, 3'",
        ),
        ("time (ms), I (nA)\n\n# x\n0, zero\n", "line 4: 'zero' is not a number"),
        ("time (ms), I (nA)\n0, \n", "line 2: a value is missing"),
        ("time (ms), I (nA)\n0, inf\n", "line 2: 'inf' is not a finite number"),
        ("time (ms), I (nA)\n-1, 0\n", "line 2: the time must not be below 0, got -1"),
        ("time (ms), I (nA)\n5, 0\n4, 0", "line 3: times must not go back, got 4 after 5"),
    ],
)
def test_every_mistake_of_a_table_is_a_sentence_with_its_line(text, sentence):
    with pytest.raises(ParameterError) as refused:
        read_waveform(text, u.nA)
    assert sentence in str(refused.value)
    assert str(refused.value).startswith("waveform")


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(ParameterError, match="the file cannot be read"):
        read_waveform(tmp_path / "none.csv", u.nA)
    (tmp_path / "image.csv").write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(ParameterError, match="it is not a text"):
        read_waveform(tmp_path / "image.csv", u.nA)


@given(text=st.text(max_size=100))
@settings(max_examples=50)
def test_no_text_makes_anything_but_a_sentence(text):
    with contextlib.suppress(ParameterError):
        read_waveform(text, u.nA)


def test_a_model_without_units_reads_plain_numbers():
    assert read_waveform("time (ms), drive\n0, 1\n5, 2", u.UNITLESS).points == ((0, 1), (5, 2))
    with pytest.raises(ParameterError, match="is a plain number and the column 'I"):
        read_waveform("time (ms), I (nA)\n0, 1", u.UNITLESS)


def test_a_long_recording_is_thinned_and_says_so():
    t = np.arange(20_000) * 0.05
    rows = "\n".join(f"{x:.2f}, {np.sin(x / 20) + 0.1 * np.sin(3 * x):.5f}" for x in t)
    loaded = read_waveform(f"time (ms), current (nA)\n{rows}", u.nA)
    assert (loaded.rows, len(loaded.points)) == (20_000, MOST_POINTS)
    assert f"from 20,000 rows to 1,000 points; it is nowhere off by more than {loaded.error:.2g} nA"
    assert "20,000 rows to 1,000 points" in loaded.note
    off = np.interp(t, *np.array(loaded.points).T) - (np.sin(t / 20) + 0.1 * np.sin(3 * t))
    assert np.abs(off).max() <= 1.01 * loaded.error + 1e-4
    assert read_waveform("time (ms), I (nA)\n0, 1\n5, 2", u.nA).note == ""


def test_the_program_of_a_drawing_is_shared_by_all_drawings():
    one, other = (drawn(points).structure for points in ("0:0", "0:0, 5:5, 7:1"))
    assert compile_simulation(one) is compile_simulation(other)
    assert waveforms.DrawnSteps in inputs.catalogue().values()
