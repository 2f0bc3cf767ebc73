"""Presynaptic spike trains: in order, within the run, and when their formula says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import trains
from engine.trains import BurstTrain, DrawnTrain, PairedPulses, PoissonTrain, RegularTrain, Run

KINDS = trains.catalogue()


def numbers(kind, draw):
    """Draw the numbers of a train within what its declarations accept."""
    found = {}
    for name, spec in kind.parameters().items():
        if spec.integer:
            found[name] = float(draw(st.integers(1, 200), label=name))
        else:
            low, high = spec.soft
            found[name] = draw(st.floats(low, 10 * high).filter(spec.hard.contains), label=name)
    return found


@given(data=st.data())
@pytest.mark.parametrize("name", KINDS)
def test_the_spikes_of_a_train_come_in_order_and_within_the_run(name, data):
    kind = KINDS[name]
    duration = data.draw(st.floats(1.0, 5000.0), label="duration")
    drawn = tuple(data.draw(st.lists(st.floats(0.0, 6000.0), max_size=20), label="drawn"))
    times = kind().spikes(
        numbers(kind, data.draw), Run(duration, data.draw(st.integers(0, 9)), drawn)
    )
    assert (np.diff(times) >= 0).all()
    assert ((times >= 0) & (times < duration)).all()


@pytest.mark.parametrize("name", KINDS)
def test_every_train_says_what_it_is_and_how_it_is_computed(name):
    assert KINDS[name].__doc__.strip().splitlines()[0].endswith(".")
    assert KINDS[name].formula
    for spec in KINDS[name].parameters().values():
        assert spec.meaning
        assert spec.symbol


def test_a_regular_train_is_regular_and_tests_the_recovery():
    p = {"rate": 20.0, "start": 10.0, "count": 3, "pause": 200.0}
    assert RegularTrain().spikes(p, Run(1000.0)).tolist() == [10.0, 60.0, 110.0, 310.0]
    assert RegularTrain().spikes(p | {"pause": 0.0}, Run(1000.0)).tolist() == [10.0, 60.0, 110.0]
    assert RegularTrain().spikes(p, Run(110.0)).tolist() == [10.0, 60.0]


def test_paired_pulses_are_two():
    assert PairedPulses().spikes({"interval": 25.0, "start": 5.0}, Run(100.0)).tolist() == [
        5.0,
        30.0,
    ]


def test_a_burst_ends_where_the_next_begins():
    p = {"rate": 100.0, "count": 9, "period": 35.0, "start": 0.0}
    assert BurstTrain().spikes(p, Run(80.0)).tolist() == [0, 10, 20, 30, 35, 45, 55, 65, 70]


def test_drawn_spikes_come_when_they_were_drawn():
    assert DrawnTrain().spikes({}, Run(50.0, drawn=(30.0, 10.0, 70.0))).tolist() == [10.0, 30.0]


def test_a_poisson_train_has_its_rate_its_irregularity_and_its_seed():
    p = {"rate": 50.0, "start": 100.0}
    counts = [len(PoissonTrain().spikes(p, Run(2100.0, seed))) for seed in range(400)]
    assert abs(np.mean(counts) - 100) < 5 * np.sqrt(100 / 400)
    assert abs(np.var(counts) / 100 - 1) < 5 * np.sqrt(2 / 400)
    waits = np.diff(PoissonTrain().spikes({"rate": 100.0, "start": 0.0}, Run(1e6, 3)))
    assert abs(waits.std() / waits.mean() - 1) < 0.02
    again = PoissonTrain().spikes(p, Run(2100.0, 7))
    assert again.tolist() == PoissonTrain().spikes(p, Run(2100.0, 7)).tolist()
    assert again.tolist() != PoissonTrain().spikes(p, Run(2100.0, 8)).tolist()


def test_a_poisson_train_stretches_with_its_rate():
    slow = PoissonTrain().spikes({"rate": 20.0, "start": 0.0}, Run(1000.0, 1))
    fast = PoissonTrain().spikes({"rate": 40.0, "start": 0.0}, Run(1000.0, 1))
    assert fast[: len(slow)] * 2 == pytest.approx(slow)


@given(st.lists(st.integers(0, 2000), min_size=1, unique=True), st.sampled_from([0.025, 0.1, 0.3]))
def test_a_spike_on_a_step_falls_into_that_step(steps, dt):
    assert trains.steps(np.array(sorted(steps)) * dt, dt).tolist() == sorted(steps)


def test_spikes_within_one_step_count_once():
    assert trains.steps(np.array([0.31, 0.33, 0.41]), 0.1).tolist() == [3, 4]
