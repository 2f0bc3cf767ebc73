"""What each family of neurons is known for: rest, onset, height and rate of its spikes."""

import brainstate
import jax.numpy as jnp
import numpy as np
import pytest
import saiunit as u

from engine import catalog, simulate

MODELS = catalog.neurons()


def clamped(model, amplitude=0.0, **values):
    """Run one neuron without noise under a constant input, in its own unit."""
    unit = MODELS[model].input.unit
    drive = {"stimulus": "Constant", "noise": None, "n": 1}
    given = {"stimulus__amplitude": amplitude * unit if not unit.is_unitless else amplitude}
    return simulate(MODELS[model], **drive, **given, **values)


# ---------------------------------------------------------------- Hodgkin and Huxley


def test_hodgkin_and_huxley_rest_near_minus_65_mV():
    V = clamped("HH", duration=300 * u.ms).traces["V"]
    assert V[-1, 0] == pytest.approx(-65.0, abs=0.3)


def spike_height(amplitude):
    """Give how far a pulse of 1 ms lifts the potential above rest, in mV."""
    pulse = {"stimulus": "Step", "stimulus__start": 100 * u.ms, "stimulus__stop": 101 * u.ms}
    run = simulate(
        MODELS["HH"],
        **pulse,
        stimulus__amplitude=amplitude * u.uA,
        noise=None,
        n=1,
        duration=150 * u.ms,
    )
    V = run.traces["V"][:, 0]
    return V[1900:].max() - V[1990], run.spike_steps[run.spike_steps > 1990].size


def test_the_spike_of_hodgkin_and_huxley_is_all_or_none():
    heights = [spike_height(a) for a in (2.0, 4.0, 12.0, 24.0)]
    assert [count for _, count in heights] == [0, 0, 1, 1]
    assert max(h for h, _ in heights[:2]) < 15.0
    for height, _ in heights[2:]:
        assert 95.0 < height < 120.0
    assert heights[3][0] - heights[2][0] < 0.1 * heights[2][0]


def test_hodgkin_and_huxley_fire_regularly_at_10_uA():
    run = clamped("HH", 10.0)
    assert 60.0 < run.rate < 80.0
    assert run.cv < 0.1


def test_the_interneuron_of_wang_and_buzsaki_fires_from_low_to_high_rates():
    """Type I, and fast: up to about 400 Hz at 20 uA/cm2."""
    rates = [clamped("WangBuzsakiHH", a).rate for a in (0.0, 0.3, 1.0, 5.0, 20.0)]
    assert rates[0] == 0.0
    assert 0.0 < rates[1] < 30.0
    assert 40.0 < rates[2] < 80.0
    assert rates[2] < rates[3] < rates[4]
    assert 300.0 < rates[4] < 450.0


# ---------------------------------------------------------------- onset of firing


def onset(model, rheobase, *factors):
    """Give the rates just around a current."""
    return [
        clamped(model, rheobase * f, duration=4000 * u.ms, spk_reset="hard").rate for f in factors
    ]


@pytest.mark.parametrize(
    ("model", "rheobase"),
    [
        # R I = c (V_c - V_rest)^2 / 4
        ("QuaIF", 0.07 * 15.0**2 / 4),
        # R I = V_T - delta_T - V_rest: where the drift only touches zero
        ("ExpIF", -59.9 - 3.48 + 65.0),
        ("ExpIFRef", -59.9 - 3.48 + 65.0),
    ],
)
def test_firing_sets_in_at_the_rheobase_and_arbitrarily_slowly(model, rheobase):
    below, just, above, far = onset(model, rheobase, 0.99, 1.01, 1.1, 2.0)
    assert below == 0.0
    assert 0.0 < just < above < far
    assert just < 0.4 * above


@pytest.mark.parametrize("model", ["FitzHughNagumo", "MorrisLecar"])
def test_firing_of_type_II_sets_in_at_a_finite_rate(model):
    low, high = (0.2, 0.5) if model == "FitzHughNagumo" else (70.0, 100.0)
    for _ in range(10):
        middle = (low + high) / 2
        fires = clamped(model, middle, duration=1500 * u.ms).spike_steps
        late = fires.size and fires[-1] > 10_000
        low, high = (low, middle) if late else (middle, high)
    assert clamped(model, high, duration=1500 * u.ms).rate > 5.0


# ---------------------------------------------------------------- adaptation


def intervals(run):
    return np.diff(run.spike_times)


@pytest.mark.parametrize("model", ["AdExIF", "AdExIFRef", "AdQuaIF", "AdQuaIFRef"])
def test_an_adaptive_neuron_slows_down(model):
    b = {} if "Ex" in model else {"b": 2 * u.mA, "tau_w": 100 * u.ms}
    found = intervals(clamped(model, 30.0, **b))
    assert found.size > 3
    assert found[-1] > 1.2 * found[0]


def test_izhikevich_spikes_regularly_at_10():
    """Figure 2 of the paper, RS."""
    found = intervals(clamped("Izhikevich", 10.0))
    assert 30.0 < found[-1] < 60.0
    assert np.ptp(found[3:]) < 0.05 * found[-1]


def test_izhikevich_chatters_with_other_numbers():
    """Figure 2 of the paper, CH: bursts of closely spaced spikes."""
    found = intervals(clamped("Izhikevich", 10.0, c=-50 * u.mV, d=2 * u.mV / u.ms))
    assert found.min() < 5.0
    assert found.max() > 3 * found.min()


def test_the_threshold_of_the_generalized_neuron_rises_with_the_potential():
    run = clamped("Gif", 1.5, a=0.005 / u.ms)
    threshold = run.traces["threshold"][:, 0]
    assert threshold[0] == pytest.approx(-50.0, abs=0.1)
    assert threshold[-1] > threshold[0] + 2.0
    fixed = clamped("Gif", 1.5)
    assert np.ptp(fixed.traces["threshold"]) < 1e-3
    assert run.spike_count < fixed.spike_count


def test_hindmarsh_and_rose_burst():
    found = intervals(clamped("HindmarshRose", 2.0, duration=3000 * u.ms))
    assert found.max() > 4 * found.min()


# ---------------------------------------------------------------- refractoriness and synapses


@pytest.mark.parametrize("model", [m for m in MODELS if m.endswith("Ref")])
@pytest.mark.parametrize("tau_ref", [2.0, 7.0])
def test_spikes_are_at_least_a_refractory_period_apart(model, tau_ref):
    strong = 4 * float(u.get_mantissa(MODELS[model].input.default))
    found = intervals(clamped(model, strong, tau_ref=tau_ref * u.ms))
    assert found.size > 10
    assert found.min() >= tau_ref - 1e-6


@pytest.mark.parametrize("model", ["CubaLIF", "CobaLIF"])
def test_a_presynaptic_spike_is_felt_through_the_synapse(model):
    cls = MODELS[model]
    neuron = cls(1, **({"E": 3 * u.mV} if model == "CobaLIF" else {}))
    neuron.init_state()

    def step(i):
        jump = jnp.where(i == 10, 0.5, 0.0)
        neuron.add_delta_input("spike", u.Quantity(jump, unit=cls.states()["g"].unit))
        neuron()
        return u.get_mantissa(neuron.V.value)[0]

    with brainstate.environ.context(dt=0.1 * u.ms):
        V = np.asarray(brainstate.transform.for_loop(step, jnp.arange(600)))
    assert not V[:10].any()
    assert 0.05 < V.max() < 1.0
    assert 15 < V.argmax() < 120, "a time constant later"
    assert V[-1] < 0.1 * V.max()
