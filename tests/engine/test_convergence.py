"""How the error of a step shrinks with the step: by the order of the integrator, model by model."""

import brainstate
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import saiunit as u

from engine import LIF, catalog
from engine.boundary import attach
from engine.integrators import INTEGRATORS, exponential_euler, limited_exponential_euler

NEURONS = catalog.neurons()
ORDERS = {"euler": 1, "heun": 2, "rk4": 4, "exponential_euler": 2, "limited_exponential_euler": 2}
LINEAR = ("exponential_euler", "limited_exponential_euler")

# Where a neuron is smooth: a start and a drive below the onset of spikes, in its own units.
SCALAR = {
    "IF": (0.2, 0.8),
    "LIF": (0.2, 0.8),
    "LIFRef": (0.2, 0.8),
    "ALIF": (0.2, 0.8),
    "ExpIF": (-67.0, 1.2),
    "ExpIFRef": (-67.0, 1.2),
    "QuaIF": (-64.0, 2.0),
}
"""Models whose potential evolves by itself: their order is that of the integrator."""
COUPLED = {
    "CubaLIF": (0.0, 0.5),
    "CobaLIF": (0.0, 0.5),
    "AdExIF": (-67.0, 1.5),
    "AdExIFRef": (-67.0, 1.5),
    "AdQuaIF": (-64.0, 2.0),
    "AdQuaIFRef": (-64.0, 2.0),
    "Gif": (-66.0, 0.5),
    "GifRef": (-66.0, 0.5),
    "Izhikevich": (-68.0, 2.0),
    "IzhikevichRef": (-68.0, 2.0),
    "HH": (-66.0, 0.5),
    "WangBuzsakiHH": (-67.0, 0.05),
    "MorrisLecar": (-55.0, 20.0),
    "FitzHughNagumo": (-1.0, 0.1),
    "HindmarshRose": (-1.4, 0.0),
    "TraubMilesHH": (-66.0, 20.0),
    "AdExCell": (-64.0, 50.0),
}
"""Models whose states are integrated one after the other: first order, whatever the integrator."""
WITH_LINEAR_DRIFT = ("IF", "LIF", "LIFRef", "ALIF")
LENGTH = 8.0
FELT = {"Gif": {"a": 5e-3, "I1_initializer": 0.3}}
FELT |= {"GifRef": FELT["Gif"]}
FELT |= {"CubaLIF": {"g_initializer": 0.5}, "CobaLIF": {"g_initializer": 0.5, "E": 0.9}}


@pytest.fixture(autouse=True)
def double():
    """Double precision, in which an error of fourth order can be seen."""
    with jax.enable_x64(True), brainstate.environ.context(precision=64):
        yield


def end(name, integrator, steps):
    """Give the states after 8 ms in so many steps."""
    cls, (start, drive) = NEURONS[name], (SCALAR | COUPLED)[name]
    specs, dt = cls.parameters(), LENGTH / steps

    @jax.jit
    def run():
        felt = {p: attach(v, specs[p].unit) for p, v in FELT.get(name, {}).items()}
        neuron = cls(1, V_initializer=attach(start, specs["V_initializer"].unit), **felt)
        neuron.integrator = integrator
        neuron.init_state()

        def step(i):
            with brainstate.environ.context(i=i, t=i * dt * u.ms):
                return neuron(attach(jnp.asarray(drive), cls.input.unit))

        with brainstate.environ.context(dt=dt * u.ms):
            spikes = brainstate.transform.for_loop(step, jnp.arange(steps))
        names = (n for n, s in cls.states().items() if not s.is_time_stamp)
        return spikes.sum(), [u.get_mantissa(getattr(neuron, n).value)[0] for n in names]

    spikes, states = run()
    assert spikes == 0, "a spike is not smooth"
    assert np.asarray(states).dtype == np.float64
    return np.array(states)


def order(name, integrator, steps=(16, 32, 64)):
    """Give the order of the global error, from three step sizes against a much finer one."""
    exact = end(name, "rk4" if name in SCALAR else integrator, 40 * steps[-1])
    errors = np.array([np.abs(end(name, integrator, n) - exact) for n in steps])
    felt = errors[0] > 1e-12 * np.maximum(np.abs(exact), 1.0)
    assert felt[0], "the potential moves"
    return np.log2(errors[:-1, felt] / errors[1:, felt])


def test_every_model_and_every_integrator_is_there():
    assert set(SCALAR) | set(COUPLED) == set(NEURONS)
    assert set(ORDERS) == set(INTEGRATORS)


@pytest.mark.parametrize(
    ("name", "integrator"),
    [
        pytest.param(n, i, marks=pytest.mark.slow if n in ("IF", "LIFRef", "ExpIFRef") else ())
        for n in SCALAR
        for i in ORDERS
        if n not in WITH_LINEAR_DRIFT or i not in LINEAR
    ],
)
def test_the_error_shrinks_with_the_order_of_the_integrator(name, integrator):
    assert order(name, integrator) == pytest.approx(ORDERS[integrator], abs=0.25)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(n, marks=() if n in ("AdExIF", "CobaLIF", "Gif", "HH") else pytest.mark.slow)
        for n in COUPLED
    ],
)
def test_states_that_are_integrated_in_turn_are_of_first_order(name):
    slopes = order(name, NEURONS[name].integrator, (64, 128, 256))
    assert np.all(slopes > 0.75)
    assert slopes.min() < 1.3, "better than is said here"


@pytest.mark.parametrize("integrator", LINEAR)
@pytest.mark.parametrize("name", WITH_LINEAR_DRIFT)
@pytest.mark.parametrize("steps", [1, 2, 16])
def test_the_exponential_integrators_are_exact_where_the_drift_is_linear(name, integrator, steps):
    start, drive = SCALAR[name]
    expected = drive + (start - drive) * np.exp(-LENGTH / 5.0)
    assert end(name, integrator, steps)[0] == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("integrator", ["euler", "heun", "rk4"])
def test_the_others_are_not(integrator):
    exact = 0.8 + (0.2 - 0.8) * np.exp(-LENGTH / 5.0)
    assert abs(end("LIF", integrator, 4)[0] - exact) > 1e-5


def test_the_two_exponential_integrators_are_the_same_where_growth_is_moderate():
    def drift(y):
        return (y**2 - 1.0) / (1.0 * u.ms)

    y = jnp.linspace(-1.5, 2.0, 11)
    steps = [f(drift, y, 0.1 * u.ms) for f in (exponential_euler, limited_exponential_euler)]
    np.testing.assert_allclose(*steps, rtol=1e-12)


def test_the_limited_integrator_does_not_overflow_and_does_not_fall_past_rest():
    def drift(V):
        return (-V + jnp.exp(V)) / (1.0 * u.ms)

    high = limited_exponential_euler(drift, jnp.array([30.0, 80.0]), 1.0 * u.ms)
    assert np.isfinite(high).all()
    assert (high > 80.0).all()
    assert not np.isfinite(exponential_euler(drift, jnp.array([80.0]), 1.0 * u.ms)).all()


def test_the_model_names_the_integrator_that_runs():
    neuron = LIF(1)
    assert neuron.integrator == "exponential_euler"
    neuron.integrator = "euler"
    neuron.init_state()
    with brainstate.environ.context(dt=1.0 * u.ms):
        neuron(1.0 * u.mA)
    assert float(neuron.V.value[0].to_decimal(u.mV)) == pytest.approx(0.2)
