"""Each plot, given a recording: what it draws is what was recorded."""

from dataclasses import replace

import numpy as np
import pytest
import saiunit as u

from engine import HH, LIF, Experiment, ExpIF, FitzHughNagumo, simulate
from engine.surrogates import catalogue
from explorer.views import (
    RasterView,
    RateView,
    StimulusView,
    SurrogateView,
    VoltageView,
    Window,
    curves_of,
    raster,
)
from explorer.views.base import PIXELS
from explorer.views.rate import bin_width

VIEWS = [StimulusView, VoltageView, RasterView, RateView]


@pytest.fixture(scope="module")
def recording():
    experiment = replace(Experiment(LIF).update({"n": 20, "duration": 300.0}), watched=(3,))
    return simulate(experiment)


@pytest.fixture(scope="module")
def crowd():
    """So many spikes that strokes would be slow."""
    found = simulate(Experiment(LIF).update({"n": 400, "duration": 1000.0}))
    assert found.spike_count > raster.MOST_STROKES
    return found


@pytest.fixture(scope="module")
def nothing(recording):
    """A run that diverged in its first step: no step is left."""
    return replace(
        recording,
        traces={name: trace[:0] for name, trace in recording.traces.items()},
        spike_steps=recording.spike_steps[:0],
        spike_neurons=recording.spike_neurons[:0],
        problem="the simulation diverged at 0 ms; choose a smaller dt",
    )


def shown(kind, *recordings):
    view = kind(Window(recordings[0].duration))
    for recording in recordings:
        view.update(recording)
    return view


def sources(view):
    return [renderer.data_source for renderer in view.figure.renderers]


@pytest.mark.parametrize("kind", VIEWS)
@pytest.mark.parametrize("which", ["recording", "crowd", "nothing"])
def test_the_columns_of_a_source_are_equally_long(kind, which, request):
    for source in sources(shown(kind, request.getfixturevalue(which))):
        assert len({len(column) for column in source.data.values()}) == 1


@pytest.mark.parametrize("kind", VIEWS)
def test_a_plot_shows_something(kind, recording):
    assert any(len(source.data["x"]) for source in sources(shown(kind, recording)))
    y_range = shown(kind, recording).figure.y_range
    assert y_range.start < y_range.end


@pytest.mark.parametrize("kind", VIEWS)
def test_a_recording_without_a_step_is_drawn_as_nothing(kind, recording, nothing):
    view = shown(kind, recording, nothing)
    drawn = [source.data for r in view.figure.renderers if r.visible for source in [r.data_source]]
    assert all(not np.any(data["y"]) for data in drawn)
    assert np.isfinite([view.figure.y_range.start, view.figure.y_range.end]).all()


@pytest.mark.parametrize("kind", VIEWS)
def test_numbers_travel_as_single_precision_and_no_more_of_them_than_pixels_need(kind, crowd):
    view = shown(kind, crowd)
    for renderer in view.figure.renderers:
        if renderer.visible and "image" not in renderer.data_source.data:
            for column in renderer.data_source.data.values():
                assert np.asarray(column).dtype == np.float32
    line = sources(view)[-1].data["x"]
    assert len(line) <= 2 * PIXELS + 4


@pytest.mark.parametrize("kind", VIEWS)
def test_the_models_of_a_plot_are_made_once(kind, recording, crowd):
    view = shown(kind, recording)
    before = {model.id for model in view.figure.references()}
    view.update(crowd)
    view.update(recording)
    assert {model.id for model in view.figure.references()} == before


def test_the_potential_is_that_of_the_watched_neuron(recording):
    data = shown(VoltageView, recording)._potential.data
    V = recording.traces["V"][:, 0]
    steps = np.rint(data["x"] / recording.dt).astype(int)
    assert np.array_equal(data["y"], V[steps])
    assert data["y"].max() == V.max()
    assert data["y"].min() == V.min()
    assert (data["x"][0], data["x"][-1]) == pytest.approx((0.0, 299.9))


def test_every_spike_of_the_watched_neuron_and_no_other_gets_a_stroke(recording):
    data = shown(VoltageView, recording)._spikes.data
    mine = recording.spike_times[recording.spike_neurons == 3]
    assert len(mine) > 2
    assert np.allclose(data["x"][::3], mine)
    top = data["y"][1::3]
    assert (top > recording.traces["threshold"].max()).all()


def test_a_neuron_that_makes_its_own_spikes_gets_no_stroke_and_keeps_its_unit():
    run = simulate(FitzHughNagumo, n=1)
    view = shown(VoltageView, run)
    assert run.spike_count > 2
    assert len(view._spikes.data["x"]) == 0
    assert view._potential.data["y"].max() == run.traces["V"].max()
    assert view.figure.title.text == "Membrane potential of neuron 0"
    view = shown(VoltageView, simulate(HH, n=1, duration=200 * u.ms))
    assert view.figure.title.text == "Membrane potential of neuron 0 (mV)"


def test_what_an_upstroke_makes_above_the_stroke_is_not_shown():
    run = simulate(ExpIF, n=1)
    assert run.traces["V"].max() > 50.0
    view = shown(VoltageView, run)
    assert len(view._spikes.data["x"]) == 3 * run.spike_count
    assert view._potential.data["y"].max() < 0.0
    assert view.figure.y_range.end < 30.0


def test_the_stimulus_is_that_of_the_watched_neuron(recording):
    data = shown(StimulusView, recording)._input.data
    steps = np.rint(data["x"] / recording.dt).astype(int)
    assert np.array_equal(data["y"], recording.traces["input"][steps, 0])


def test_few_spikes_are_strokes_where_they_happened(recording):
    view = shown(RasterView, recording)
    assert view._strokes_glyph.visible
    assert not view._image_glyph.visible
    x, y = view._strokes.data["x"].reshape(-1, 3), view._strokes.data["y"].reshape(-1, 3)
    assert np.allclose(x[:, 0], recording.spike_times)
    assert np.array_equal(np.rint(y[:, :2].mean(axis=1)), recording.spike_neurons)
    assert np.isnan(y[:, 2]).all()


def test_many_spikes_are_an_image_and_few_are_strokes_again(recording, crowd):
    view = shown(RasterView, crowd)
    assert view._image_glyph.visible
    assert not view._strokes_glyph.visible
    view.update(recording)
    assert view._strokes_glyph.visible
    assert not view._image_glyph.visible


def test_the_image_has_ink_where_there_are_spikes_and_nowhere_else(crowd):
    data = shown(RasterView, crowd)._image.data
    image = data["image"][0]
    assert (data["x"], data["y"], data["width"], data["height"]) == ([0.0], [-0.5], [1000.0], [400])
    rows, columns = image.shape
    expected = np.zeros_like(image, bool)
    column = np.minimum((crowd.spike_times / 1000.0 * columns).astype(int), columns - 1)
    expected[crowd.spike_neurons * rows // 400, column] = True
    assert np.array_equal(image > 0, expected)


def test_the_raster_holds_every_neuron_and_marks_the_watched_one(recording):
    view = shown(RasterView, recording)
    assert (view.figure.y_range.start, view.figure.y_range.end) == (-0.5, 19.5)
    assert view._watched.bottom < 3 < view._watched.top
    assert view._watched.visible


def test_the_rate_counts_every_spike(recording):
    data = shown(RateView, recording)._rate.data
    width = bin_width(recording.duration, recording.dt)
    spikes = data["y"].sum() * recording.experiment.n * width / 1000
    assert spikes == pytest.approx(recording.spike_count, rel=1e-4)


@pytest.mark.parametrize("duration", [0.1, 1.0, 7.0, 100.0, 333.0, 1000.0, 60_000.0])
def test_bins_are_round_and_about_two_hundred(duration):
    width = bin_width(duration, 0.1)
    assert width >= 0.1
    assert duration / width <= 201
    assert duration / width >= 79 or width == 0.1


def test_a_zoom_stays_when_the_data_change_and_a_whole_view_follows_the_duration():
    window = Window(1000.0)
    window.fit(500.0)
    assert (window.range.start, window.range.end) == (0.0, 500.0)
    window.range.update(start=100.0, end=200.0)
    window.fit(800.0)
    assert (window.range.start, window.range.end) == (100.0, 200.0)
    window.fit(150.0)
    assert (window.range.start, window.range.end) == (100.0, 150.0)
    window.fit(50.0)
    assert (window.range.start, window.range.end) == (0.0, 50.0)


def test_a_window_sends_only_what_is_in_sight(recording):
    window = Window(recording.duration)
    view = VoltageView(window)
    window.range.update(start=100.0, end=110.0)
    view.update(recording)
    x = view._potential.data["x"]
    assert len(x) == pytest.approx(102, abs=2)
    assert x[0] <= 100.0
    assert x[-1] >= 110.0


@pytest.mark.parametrize("kind", VIEWS)
def test_a_window_beyond_what_was_recorded_is_no_error(kind, recording):
    cut = replace(
        recording,
        traces={name: trace[:50] for name, trace in recording.traces.items()},
        spike_steps=recording.spike_steps[:0],
        spike_neurons=recording.spike_neurons[:0],
    )
    window = Window(recording.duration)
    view = kind(window)
    window.range.update(start=200.0, end=210.0)
    view.update(cut)
    for source in sources(view):
        assert len({len(column) for column in source.data.values()}) == 1


@pytest.mark.parametrize("name", catalogue())
def test_every_surrogate_is_drawn_finite_and_in_sight(name):
    view = SurrogateView()
    assert view.update(curves_of(Experiment(LIF).set("spk_fun", name)))
    y = np.asarray(view._slope.data["y"])
    assert np.isfinite(y).all()
    assert view.figure.y_range.start <= y.min()
    assert view.figure.y_range.end >= y.max()
    assert np.ptp(y) > 0


def test_a_surrogate_is_drawn_again_only_when_it_changed():
    view, experiment = SurrogateView(), Experiment(LIF)
    assert view.update(curves_of(experiment))
    assert not view.update(curves_of(experiment.set("tau", 30.0)))
    assert view.update(curves_of(experiment.set("spk_fun.alpha", 0.9)))
