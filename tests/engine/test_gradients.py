"""Gradients of spikes by the input, through 100 steps: those of the reference, surrogate by
surrogate."""

import functools

import brainpy.state
import brainstate
import braintools
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import saiunit as u

import engine
from engine import catalog, surrogates

STEPS, N, DT = 100, 4, 0.25
SIDES = {"ours": (engine, surrogates), "theirs": (brainpy.state, braintools.surrogate)}
SHARED = [n for n in surrogates.catalogue() if hasattr(braintools.surrogate, n)]
ALIASES = {"SigmoidGrad": "Sigmoid", "ATan": "Arctan"}

X = np.random.default_rng(11).uniform(0.2, 3.2, size=(STEPS, N)).astype(np.float32)
WEIGHT = np.random.default_rng(12).normal(size=(STEPS, N)).astype(np.float32)


def spikes_of(neuron, x):
    def step(i, now):
        with brainstate.environ.context(i=i, t=i * DT * u.ms):
            return neuron(now * u.mA)

    with brainstate.environ.context(dt=DT * u.ms):
        return brainstate.transform.for_loop(step, jnp.arange(STEPS), x)


@functools.cache
def slopes(side, reset, model):
    """Give the spikes and, for every surrogate, the gradient of their weighted sum by the input."""
    models, kinds = SIDES[side]
    functions = [getattr(kinds, name)() for name in SHARED]

    def weighted(x, which):
        def spike(distance):
            return jax.lax.switch(which, functions, distance)

        neuron = getattr(models, model)(N, spk_fun=spike, spk_reset=reset)
        neuron.init_state()
        spikes = spikes_of(neuron, x)
        return jnp.sum(WEIGHT * spikes), spikes

    def one(which):
        (_, spikes), slope = jax.value_and_grad(weighted, has_aux=True)(X, which)
        return spikes, slope

    spikes, found = jax.jit(lambda: jax.lax.map(one, jnp.arange(len(SHARED))))()
    return np.asarray(spikes[0]), dict(zip(SHARED, np.asarray(found), strict=True))


def test_every_surrogate_of_the_reference_is_compared():
    assert len(SHARED) >= 18
    assert set(surrogates.catalogue()) - set(SHARED) <= set(ALIASES)


@pytest.mark.parametrize("model", ["LIF", pytest.param("ALIF", marks=pytest.mark.slow)])
@pytest.mark.parametrize("reset", ["soft", "hard"])
def test_the_spikes_that_are_differentiated_are_those_of_the_reference(reset, model):
    ours, theirs = (slopes(side, reset, model)[0] for side in SIDES)
    np.testing.assert_array_equal(ours, theirs)
    assert (ours.sum(axis=0) >= 3).all()


@pytest.mark.parametrize("model", ["LIF", pytest.param("ALIF", marks=pytest.mark.slow)])
@pytest.mark.parametrize("reset", ["soft", "hard"])
@pytest.mark.parametrize("surrogate", SHARED)
def test_the_gradient_through_each_surrogate_is_that_of_the_reference(surrogate, reset, model):
    ours, theirs = (slopes(side, reset, model)[1][surrogate] for side in SIDES)
    scale = np.abs(theirs).max()
    assert scale > 1e-6, "there is something to compare"
    np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=1e-5 * scale)


@pytest.mark.parametrize("reset", ["soft", "hard"])
def test_no_two_surrogates_have_the_same_gradient(reset):
    found = [slope / np.abs(slope).max() for slope in slopes("ours", reset, "LIF")[1].values()]
    for i, one in enumerate(found):
        for other in found[:i]:
            assert np.abs(one - other).max() > 1e-4


def test_the_reset_mode_is_seen_by_the_gradient():
    soft, hard = (slopes("ours", reset, "LIF")[1]["ReluGrad"] for reset in ("soft", "hard"))
    assert np.abs(soft - hard).max() > 0.05 * np.abs(soft).max()


@pytest.mark.parametrize("alias", ALIASES)
def test_an_alias_has_the_gradient_of_what_it_stands_for(alias):
    x = jnp.linspace(-2, 2, 41)
    one, other = (getattr(surrogates, n)() for n in (alias, ALIASES[alias]))
    np.testing.assert_array_equal(*(jax.vmap(jax.grad(f))(x) for f in (one, other)))


def test_every_neuron_model_is_differentiated_beside_the_reference():
    """With its default surrogate, by the input and every parameter: test_against_brainpy.py."""
    from tests.engine.test_against_brainpy import NEURONS

    assert set(NEURONS) == {n for n in catalog.neurons() if hasattr(brainpy.state, n)}
    defaults = {
        type(cls.slots()["spk_fun"].default()).__name__ for cls in catalog.neurons().values()
    }
    assert defaults == {"ReluGrad"}
