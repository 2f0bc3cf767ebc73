"""Spikes sent as events: the same as a product with the matrix of connections, for any spikes."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import events
from engine.connectivity import FixedProbability

SIZES = [(1, 1), (31, 7), (32, 50), (33, 40), (300, 200)]


@partial(jax.jit, static_argnames="size")
def send(spikes, targets, size):
    words = events.pack_words(spikes)
    return events.arrivals(words, events.count_up(words), targets, size)


@pytest.mark.parametrize(("n_pre", "n_post"), SIZES)
@settings(max_examples=25, deadline=None)
@given(share=st.sampled_from([0.0, 0.01, 0.1, 0.5, 1.0]), seed=st.integers(0, 1000))
def test_arrivals_are_a_product_with_the_connections(n_pre, n_post, share, seed):
    graph = FixedProbability(p=0.3).draw(n_pre, n_post, seed)
    width = events.bucket(n_post)
    rows = events.table([(graph, 0, 0)], n_pre, width, n_post)
    spikes = np.random.default_rng(seed).random(n_pre) < share
    found = np.asarray(send(jnp.asarray(spikes), rows, n_post))
    np.testing.assert_array_equal(found, spikes @ graph.dense())


def test_no_spike_is_lost_when_all_neurons_fire_at_once():
    graph = FixedProbability(p=0.2).draw(1000, 1000, 1)
    width = events.needed_width(200.0, 160.0, int(graph.out_degrees.max()))
    rows = events.table([(graph, 0, 0)], 1000, width, 1000)
    found = np.asarray(send(jnp.ones(1000, bool), rows, 1000))
    np.testing.assert_array_equal(found, graph.in_degrees)
    assert found.sum() == len(graph.targets)


@jax.jit
def find(spikes):
    words = events.pack_words(spikes)
    return events.spiking(words, events.count_up(words), jnp.arange(len(spikes), dtype=jnp.int32))


@settings(max_examples=60, deadline=None)
@given(
    bits=st.sampled_from([1, 40, 90]).flatmap(
        lambda n: st.lists(st.booleans(), min_size=n, max_size=n)
    )
)
def test_spikes_are_found_again_by_rank(bits):
    found = np.asarray(find(jnp.asarray(bits)))[: sum(bits)]
    assert sorted(found) == np.flatnonzero(bits).tolist()


def test_several_projections_share_the_rows_of_their_sources():
    first, second = (FixedProbability(p=0.4).draw(20, n, 1) for n in (30, 10))
    other = FixedProbability(p=0.4).draw(5, 30, 2)
    parts = [(first, 0, 0), (second, 0, 30), (other, 20, 40)]
    rows = events.table(parts, 25, 40, 70)
    spikes = np.random.default_rng(0).random(25) < 0.5
    expected = [spikes[:20] @ first.dense(), spikes[:20] @ second.dense()]
    expected += [spikes[20:] @ other.dense()]
    found = send(jnp.asarray(spikes), rows, 70)
    np.testing.assert_array_equal(found, np.concatenate(expected))


@pytest.mark.parametrize(("size", "kind"), [(100, np.uint16), (70_000, np.int32)])
def test_targets_take_the_shortest_type_that_holds_them(size, kind):
    graph = FixedProbability(p=1.0).draw(3, 5)
    rows = events.table([(graph, 0, size - 5)], 3, 8, size)
    assert rows.dtype == kind
    found = send(jnp.asarray([True, False, True]), rows, size)
    np.testing.assert_array_equal(found[-5:], [2] * 5)
    assert float(found.sum()) == 10.0


@given(count=st.integers(1, 100_000))
def test_lengths_are_rounded_up_to_one_of_eight_in_an_octave(count):
    rounded = events.bucket(count)
    assert count <= rounded <= max(count * 1.125 + 1, 16)
    assert events.bucket(rounded) == rounded


def test_a_row_holds_the_longest_of_its_kind_and_seldom_another_with_another_seed():
    rule = FixedProbability(p=0.02)
    degrees = [rule.draw(1000, 4000, seed).out_degrees.max() for seed in range(10)]
    widths = {events.needed_width(*rule.out_degree(1000, 4000), d) for d in degrees}
    assert widths == {128}
    assert events.needed_width(80.0, 0.0, 80) == 80
    assert events.needed_width(80.0, 80.0, 500) == 512
    assert events.needed_width(0.0, 0.0, 0) == 1


@partial(jax.jit, static_argnames=("size", "with_factors", "with_release"))
def send_for_some_steps(spikes, places, factors, released, ring, size, with_factors, with_release):
    slots = ring.shape[0] // (size + events.SPARE)
    given = factors if with_factors else None

    def step(ring, now):
        words, step = events.pack_words(spikes[now]), now % slots
        release = released[now] if with_release else None
        up_to = events.count_up(words)
        found, ring = events.send_ahead(ring, words, up_to, places, step, size, 0, given, release)
        return ring, found

    return jax.lax.scan(step, ring, jnp.arange(spikes.shape[0]))[1]


@pytest.mark.parametrize("with_release", [False, True])
@pytest.mark.parametrize("with_factors", [False, True])
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), share=st.sampled_from([0.05, 0.5, 1.0]))
def test_what_is_sent_ahead_arrives_after_the_delay_of_its_connection(
    with_factors, with_release, seed, share
):
    n_pre, n_post, n_steps, slots = 33, 20, 25, 8
    rng = np.random.default_rng(seed)
    graph = FixedProbability(p=0.3).draw(n_pre, n_post, seed)
    n = len(graph.targets)
    steps, factors = rng.integers(1, slots + 1, n), rng.normal(size=n)
    parts, width = [(graph, 0, 0)], events.bucket(n_post)
    places = events.table(parts, n_pre, width, n_post, steps=[steps])
    table = np.zeros((n_pre, width), np.float32)
    table.ravel()[events.positions(parts, n_pre, width)[0]] = factors
    spikes = rng.random((n_steps, n_pre)) < share
    released = rng.random((n_steps, n_pre)).astype(np.float32)
    ring = jnp.zeros(slots * (n_post + events.SPARE))
    found = send_for_some_steps(
        spikes, places, table, released, ring, n_post, with_factors, with_release
    )
    expected = np.zeros((n_steps + slots, n_post))
    for step, neuron in zip(*np.nonzero(spikes), strict=True):
        for c in range(graph.starts[neuron], graph.starts[neuron + 1]):
            amount = factors[c] if with_factors else 1.0
            amount *= released[step, neuron] if with_release else 1.0
            # the spikes of the last step: a delay of one step arrives at once
            expected[step + steps[c] - 1, graph.targets[c]] += amount
    np.testing.assert_allclose(found, expected[:n_steps], rtol=1e-4, atol=1e-5)
