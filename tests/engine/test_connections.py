"""Layers of connections: what they deliver, what can be trained, and what is refused."""

import brainstate
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import saiunit as u
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import AllToAll, FixedProbability, OneToOne, ParameterError
from engine.projections import Connections
from engine.specs import subclasses

mS, mV = u.mS, u.mV
LAYERS = {cls.__name__: cls for cls in subclasses(Connections)}
SIZES = {"OneToOne": (5,), "AllToAll": (5, 3), "FixedProbability": (5, 3, 0.5)}
EACH = pytest.mark.parametrize("name", LAYERS)


def make(name, **options):
    return LAYERS[name](*SIZES[name], **options)


def weights(layer):
    return np.arange(1.0, 1.0 + np.prod(layer.connections)).reshape(layer.connections)


def matrix(layer):
    """The same connections as a matrix (pre, post), found one by one."""
    rows = [layer(np.eye(layer.n_pre)[k]).to_decimal(mS) for k in range(layer.n_pre)]
    return np.asarray(rows)


def test_every_layer_is_tested():
    assert set(LAYERS) == set(SIZES)


@EACH
def test_one_weight_is_the_same_weight_for_each_connection(name):
    one, many = (
        make(name, weight=2.0 * mS),
        make(name, weight=lambda shape: 2 * np.ones(shape) * mS),
    )
    np.testing.assert_array_equal(matrix(one), matrix(many))
    assert set(np.unique(matrix(one))) <= {0.0, 2.0}
    assert np.count_nonzero(matrix(one)) == np.prod(one.connections)


@EACH
def test_each_weight_belongs_to_the_connection_of_its_source(name):
    layer = make(name)
    layer = make(name, weight=weights(layer) * mS)
    for k in range(layer.n_pre):
        expected = sorted(weights(layer)[layer.sources == k])
        assert sorted(w for w in matrix(layer)[k] if w) == expected


@EACH
@given(seed=st.integers(0, 99))
@settings(max_examples=10, deadline=None)
def test_arrivals_add_up_over_sources_batches_and_units(name, seed):
    rng = np.random.default_rng(seed)
    layer = make(name, weight=lambda shape: rng.normal(size=shape).astype(np.float32) * mS)
    x = rng.normal(size=(2, 4, layer.n_pre)).astype(np.float32)
    np.testing.assert_allclose(layer(x).to_decimal(mS), x @ matrix(layer), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        layer.collect(x[..., layer.sources]).to_decimal(mS), x @ matrix(layer), rtol=1e-4, atol=1e-5
    )
    assert u.get_dim(layer(x * mV)) == (mS * mV).dim
    np.testing.assert_array_equal(layer(x > 0).to_decimal(mS), layer(1.0 * (x > 0)).to_decimal(mS))


@EACH
@pytest.mark.parametrize("single", [True, False])
def test_weights_can_be_trained(name, single):
    layer = make(name, weight=0.5 * mS)
    if not single:
        layer = make(name, weight=weights(layer) * mS)
    x = jnp.asarray(np.random.default_rng(0).normal(size=layer.n_pre), jnp.float32)

    def loss():
        return (layer(x).to_decimal(mS) ** 2).sum()

    (state,) = layer.states(brainstate.ParamState).values()
    assert state is layer.weight
    found = brainstate.transform.grad(loss, {"w": layer.weight})()["w"]
    start, step = u.get_mantissa(layer.weight.value), 1e-2
    direction = np.random.default_rng(1).normal(size=start.shape).astype(np.float32)
    ends = []
    for sign in (1, -1):
        layer.weight.value = (start + sign * step * direction) * mS
        ends.append(float(loss()))
    slope = float((u.get_mantissa(found) * direction).sum())
    assert slope == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=2e-2, abs=1e-2)


def test_connections_are_drawn_with_their_probability_and_from_their_seed():
    layer = FixedProbability(400, 300, p=0.1, weight=1 * mS, seed=4)
    dense = matrix(layer)
    assert dense.mean() == pytest.approx(0.1, abs=5 * np.sqrt(0.1 * 0.9 / dense.size))
    spread = dense.sum(0).std()  # binomial in-degrees
    assert spread == pytest.approx(np.sqrt(400 * 0.1 * 0.9), rel=0.25)
    again = FixedProbability(400, 300, 0.1, 1 * mS, 4)
    other = FixedProbability(400, 300, 0.1, 1 * mS, 5)
    assert np.array_equal(layer.sources, again.sources)
    assert not np.array_equal(matrix(other), dense)


@pytest.mark.parametrize(("p", "count"), [(0.0, 0), (1.0, 15)])
def test_no_connection_and_all_connections(p, count):
    layer = FixedProbability(5, 3, p, 1 * mS)
    assert layer.connections == (count,)
    assert float(layer(np.ones(5)).to_decimal(mS).sum()) == count


@pytest.mark.parametrize(
    ("do", "words"),
    [
        (lambda: AllToAll(0, 3, 1 * mS), "AllToAll.in_size must be a positive whole number, got 0"),
        (lambda: OneToOne(2.5, 1 * mS), "OneToOne.in_size must be a positive whole number"),
        (lambda: AllToAll(2, 3, np.ones((3, 2)) * mS), r"shape of the connections, \(2, 3\)"),
        (
            lambda: FixedProbability(2, 3, 1.5),
            "FixedProbability.p must be between 0 and 1, got 1.5",
        ),
        (lambda: FixedProbability(2, 3, seed=0.5), "seed must be a whole number"),
        (lambda: AllToAll(2, 3, np.nan * mS), "AllToAll.weight must be a finite number"),
        (
            lambda: AllToAll(2, 3)(np.ones(4)),
            r"AllToAll connects 2 presynaptic cells, got .*\(4,\)",
        ),
        (lambda: AllToAll(2, 3, weights=1), "did you mean 'weight'"),
    ],
)
def test_what_cannot_be_connected_is_said(do, words):
    with pytest.raises(ParameterError, match=words):
        do()


def test_a_layer_runs_compiled_and_mapped():
    layer = FixedProbability(5, 3, 0.5, 2 * mS)
    x = np.random.default_rng(0).normal(size=(4, 5)).astype(np.float32)
    mapped = jax.jit(jax.vmap(lambda row: layer(row).to_decimal(mS)))(x)
    np.testing.assert_allclose(mapped, layer(x).to_decimal(mS), rtol=1e-5)
