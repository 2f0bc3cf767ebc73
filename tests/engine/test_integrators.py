"""Integrators: what every step of every model stands on."""

import jax
import jax.numpy as jnp
import numpy as np

from engine.integrators import exprel

ARGUMENTS = np.concatenate(
    [
        np.linspace(-80.0, 80.0, 20_001),
        np.linspace(-1.0, 1.0, 20_001),
        -np.geomspace(1e-12, 1e6, 1000),
        np.geomspace(1e-12, 1.0, 1000),
        [0.0],
    ]
).astype(np.float32)


def test_exprel_is_exact_in_single_precision():
    z = ARGUMENTS.astype(float)
    expected = np.where(z == 0, 1.0, np.expm1(z) / np.where(z == 0, 1.0, z))
    np.testing.assert_allclose(np.asarray(jax.jit(exprel)(ARGUMENTS)), expected, rtol=3e-7)


def test_the_slope_of_exprel_is_its_derivative():
    z = ARGUMENTS.astype(float)
    safe = np.where(np.abs(z) < 1e-3, 1.0, z)
    exact = (np.exp(safe) * (safe - 1.0) + 1.0) / safe**2
    expected = np.where(np.abs(z) < 1e-3, 0.5 + z / 3.0, exact)
    found = np.asarray(jax.vmap(jax.grad(exprel))(jnp.asarray(ARGUMENTS)))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_exprel_says_so_when_its_argument_is_no_number():
    assert np.isnan(exprel(jnp.float32(np.nan)))
    assert exprel(jnp.float32(-1e6)) == np.float32(1e-6)
    assert exprel(jnp.float32(100.0)) > 1e35
