"""Fewer points than pixels need, none that anyone could miss."""

import math

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from explorer.views.thinning import broken_line, min_max, nice_range

traces = hnp.arrays(
    np.float32,
    st.integers(0, 3000),
    elements=st.floats(-1e6, 1e6, width=32),
    fill=st.just(np.float32(0)),
)


@given(traces, st.integers(1, 700))
def test_no_column_hides_its_extremes(y, columns):
    index = min_max(y, columns)
    assert len(index) <= 2 * columns + 4
    assert (np.diff(index) > 0).all()
    if not len(y):
        return
    assert index[0] == 0
    assert index[-1] == len(y) - 1
    width = -(-len(y) // columns)
    for start in range(0, len(y), width):
        column = y[start : start + width]
        seen = y[index[(index >= start) & (index < start + width)]]
        assert seen.min() == column.min()
        assert seen.max() == column.max()


@given(st.integers(3, 5000), st.integers(1, 300), st.data())
def test_a_spike_of_one_sample_is_always_drawn(length, columns, data):
    at = data.draw(st.integers(0, length - 1))
    y = np.zeros(length, np.float32)
    y[at] = data.draw(st.sampled_from([1.0, -1.0]))
    assert at in min_max(y, columns)


def test_a_short_trace_is_drawn_whole():
    assert (min_max(np.arange(10), 100) == np.arange(10)).all()


@given(st.integers(0, 50), st.integers(0, 9))
def test_strokes_are_joined_to_one_broken_line(count, low):
    x = np.arange(count)
    xs, ys = broken_line(x, np.full(count, low), np.full(count, low + 1))
    assert len(xs) == len(ys) == 3 * count
    assert np.isnan(ys[2::3]).all()
    assert (ys[0::3] == low).all()
    assert (ys[1::3] == low + 1).all()
    assert (xs.reshape(-1, 3) == x[:, None]).all()


values = st.floats(-1e5, 1e5, width=32)
ranges = st.tuples(values, values).map(sorted)


@given(ranges)
@example([0.0, 0.0])
@example([-65.0, -65.0])
@example([0.0, 1e-30])
@example([-1e-30, 0.0])
def test_an_axis_holds_all_of_its_data(data):
    low, high = data
    bottom, top = nice_range(low, high, None)
    assert math.isfinite(bottom)
    assert math.isfinite(top)
    assert bottom <= low
    assert high <= top
    assert bottom < top


@given(ranges, ranges)
def test_an_axis_holds_all_of_its_data_whatever_it_showed_before(before, data):
    bottom, top = nice_range(*data, nice_range(*before, None))
    assert bottom <= data[0]
    assert data[1] <= top


@given(ranges)
def test_an_axis_that_fits_stays(data):
    now = nice_range(*data, None)
    assert nice_range(*data, now) == now


@given(ranges, st.floats(0.6, 1.0))
def test_an_axis_holds_still_while_its_data_shrink_a_little(data, share):
    low, high = data
    assume(high - low > 1e-3 * max(abs(low), abs(high), 1e-3))
    now = nice_range(low, high, None)
    assume(share * (high - low) > 0.5 * (now[1] - now[0]))
    assert nice_range(low, low + share * (high - low), now) == now


@given(ranges)
def test_an_axis_does_not_waste_its_plot(data):
    low, high = data
    assume(high - low > 1e-3 * max(abs(low), abs(high), 1e-3))
    bottom, top = nice_range(low, high, None)
    assert top - bottom <= 1.7 * (high - low)


@given(st.floats(1e-6, 1e5))
def test_an_end_at_zero_stays_at_zero(value):
    assert nice_range(0.0, value, None)[0] == 0.0
    assert nice_range(-value, 0.0, None)[1] == 0.0


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_an_axis_survives_numbers_that_are_none(bad):
    assert nice_range(bad, 1.0, (0.0, 5.0)) == (0.0, 5.0)
    assert nice_range(0.0, bad, None) == (0.0, 1.0)
