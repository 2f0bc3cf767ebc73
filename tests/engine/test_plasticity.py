"""Spike-timing dependent plasticity beside the formulas and the figures of its papers."""

import inspect

import brainstate
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import saiunit as u
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import PairSTDP, ParameterError, SpikeTimingPlasticity, TripletSTDP, catalog

RULES = catalog.plasticity()
EACH = pytest.mark.parametrize("cls", RULES.values(), ids=RULES.keys())
ms = u.ms


def learn(rule, pre, post, dt, batch=None):
    """Run a rule over spikes, shape (time, ...); give its weight over time."""
    rule.init_state(batch)
    with brainstate.environ.context(dt=dt * ms):
        return brainstate.transform.for_loop(rule.update, jnp.asarray(pre), jnp.asarray(post))


def at(steps, n):
    """Give a train of ``n`` steps with spikes at the given ones, shape (time, 1)."""
    return np.isin(np.arange(n), steps).astype(np.float32)[:, None]


# ---------------------------------------------------------------- pairs


@pytest.mark.parametrize("lag", [-60.0, -20.0, -5.0, -0.1, 0.1, 5.0, 20.0, 60.0])
@pytest.mark.parametrize("dt", [0.1, 0.05])
def test_the_window_of_a_pair_has_its_closed_form(lag, dt):
    given = {"A_plus": 0.01, "A_minus": 0.012, "tau_plus": 17.0 * ms, "tau_minus": 34.0 * ms}
    steps = round(70 / dt)
    pre = at([steps], 2 * steps + 1)
    post = at([steps + round(lag / dt)], 2 * steps + 1)
    w = learn(PairSTDP(1, **given), pre, post, dt)
    change = 0.01 * np.exp(-lag / 17) if lag > 0 else -0.012 * np.exp(lag / 34)
    assert float(w[-1, 0]) - 0.5 == pytest.approx(change, rel=1e-4, abs=2e-7)


def test_two_spikes_in_the_same_step_make_no_pair():
    w = learn(PairSTDP(1, A_minus=0.0, A_plus=0.1), at([5], 20), at([5], 20), 0.1)
    assert (w == 0.5).all()


def pair_sum(pre, post, dt, nearest):
    """Sum the window over pairs, in double precision."""

    def remembered(spikes, t, tau):
        lags = sorted(dt * (t - s) for s in spikes if s < t)
        return sum(np.exp(-lag / tau) for lag in (lags[:1] if nearest else lags))

    up = sum(0.01 * remembered(pre, t, 17) for t in post)
    return up - sum(0.012 * remembered(post, t, 34) for t in pre)


steps = st.sets(st.integers(0, 199), min_size=1, max_size=12)


@pytest.mark.parametrize("interaction", ["all_to_all", "nearest"])
@given(pre=steps, post=steps)
@settings(max_examples=30)
def test_a_train_is_the_sum_over_its_pairs(interaction, pre, post):
    w = pair_run[interaction](at(list(pre), 200), at(list(post), 200))
    expected = pair_sum(pre, post, 0.5, interaction == "nearest")
    assert float(w[-1, 0]) - 0.5 == pytest.approx(expected, abs=3e-6)


def _compiled(interaction):
    values = {"A_plus": 0.01, "A_minus": 0.012, "tau_plus": 17.0 * ms, "tau_minus": 34.0 * ms}
    values |= {"w_min": -5.0, "w_max": 5.0}
    return jax.jit(lambda a, b: learn(PairSTDP(1, **values, interaction=interaction), a, b, 0.5))


pair_run = {word: _compiled(word) for word in PairSTDP.interaction.options}


# ---------------------------------------------------------------- triplets

# Pfister and Gerstner (2006): 60 pairs, at 0.1 Hz and more, 10 ms apart
FREQUENCIES = [0.1, 10.0, 20.0, 40.0, 50.0]


def protocol(rule, lag, frequency, dt=0.5, pairs=60):
    """Give the change of the weight by a train of pairs."""
    period = round(1000 / frequency / dt)
    period = min(period, round(2000 / dt))  # longer than every trace
    first = np.arange(pairs) * period + 40
    n = pairs * period + 80
    w = learn(rule, at(first, n), at(first + round(lag / dt), n), dt)
    return float(w[-1, 0]) - 0.5


@pytest.fixture(scope="module")
def triplets():
    wide = {"w_min": -5.0, "w_max": 5.0}
    return {
        lag: [protocol(TripletSTDP(1, **wide), lag, f) for f in FREQUENCIES]
        for lag in (10.0, -10.0)
    }


def test_pre_before_post_does_nothing_at_a_low_rate_and_the_more_the_higher_it_is(triplets):
    potentiation = triplets[10.0]
    assert abs(potentiation[0]) < 0.01
    assert np.all(np.diff(potentiation) > 0)
    assert 0.3 < potentiation[-1] < 0.9


def test_post_before_pre_depresses_at_a_low_rate_and_potentiates_at_50_hertz(triplets):
    change = triplets[-10.0]
    assert -0.5 < change[0] < -0.2
    assert change[1] < 0
    assert change[-1] > 0.2
    assert change[-1] < triplets[10.0][-1]


def test_pairs_alone_cannot_do_that():
    wide = {"w_min": -5.0, "w_max": 5.0}
    low, high = (protocol(PairSTDP(1, **wide), -10.0, f) for f in (0.1, 50.0))
    assert low < 0
    assert high < 0.05


def triplet_sum(rule, pre, post, dt):
    """Work the rule out event by event, in double precision."""
    tau = {n: float(getattr(rule, f"tau_{n}").to_decimal(ms)) for n in ("plus", "minus", "x", "y")}
    A = {n: float(getattr(rule, n)) for n in ("A2_plus", "A3_plus", "A2_minus", "A3_minus")}
    trace = lambda spikes, t, name: sum(np.exp(-dt * (t - s) / tau[name]) for s in spikes if s < t)  # noqa: E731
    up = sum(
        trace(pre, t, "plus") * (A["A2_plus"] + A["A3_plus"] * trace(post, t, "y")) for t in post
    )
    down = sum(
        trace(post, t, "minus") * (A["A2_minus"] + A["A3_minus"] * trace(pre, t, "x")) for t in pre
    )
    return up - down


@pytest.mark.parametrize("seed", range(3))
def test_a_train_is_the_sum_over_its_triplets(seed):
    rng = np.random.default_rng(seed)
    pre, post = (np.flatnonzero(rng.random(400) < 0.05) for _ in range(2))
    rule = TripletSTDP(1, w_min=-5.0, w_max=5.0, A2_plus=4e-3)
    w = learn(rule, at(pre, 400), at(post, 400), 0.5)
    assert float(w[-1, 0]) - 0.5 == pytest.approx(triplet_sum(rule, pre, post, 0.5), abs=1e-5)


def test_the_defaults_are_those_of_visual_cortex():
    numbers = {p: s.default_number for p, s in TripletSTDP.parameters().items()}
    published = {"A2_plus": 5e-10, "A3_plus": 6.2e-3, "A2_minus": 7e-3, "A3_minus": 2.3e-4}
    published |= {"tau_plus": 16.8, "tau_minus": 33.7, "tau_x": 101.0, "tau_y": 125.0}
    assert {p: numbers[p] for p in published} == published


# ---------------------------------------------------------------- every rule


def random_spikes(shape, chance=0.1, seed=0):
    return (np.random.default_rng(seed).random(shape) < chance).astype(np.float32)


STRONG = {
    "PairSTDP": {"A_plus": 0.3, "A_minus": 0.3},
    "TripletSTDP": {"A2_plus": 0.3, "A3_plus": 0.5, "A2_minus": 0.3},
}


@EACH
@pytest.mark.parametrize("bounds", ["additive", "multiplicative"])
@pytest.mark.parametrize("interaction", ["all_to_all", "nearest"])
def test_the_weight_stays_inside_its_bounds(cls, bounds, interaction):
    rule = cls(
        30, **STRONG[cls.__name__], w_min=0.2, w_max=0.8, bounds=bounds, interaction=interaction
    )
    w = learn(rule, *(random_spikes((500, 30), seed=s) for s in (1, 2)), 1.0)
    assert w.min() >= np.float32(0.2)
    assert w.max() <= np.float32(0.8)
    assert np.ptp(w) > 0.3


@EACH
def test_a_soft_bound_slows_the_change_and_a_hard_one_does_not(cls):
    pre, post = at([10, 30], 60), at([15, 35], 60)
    given = {"A_minus": 0.0} if cls is PairSTDP else {"A2_plus": 0.01, "A2_minus": 0, "A3_minus": 0}
    change = {}
    for bounds in ("additive", "multiplicative"):
        for start in (0.2, 0.8):
            rule = cls(1, **given, bounds=bounds, w_initializer=start)
            change[bounds, start] = float(learn(rule, pre, post, 1.0)[-1, 0]) - start
    assert change["additive", 0.2] == pytest.approx(change["additive", 0.8], rel=1e-4)
    assert change["multiplicative", 0.2] == pytest.approx(
        4 * change["multiplicative", 0.8], rel=1e-3
    )


@EACH
@pytest.mark.parametrize("batch", [None, 3])
def test_weights_of_two_populations_are_their_pairs_one_by_one(cls, batch):
    lead = (200,) if batch is None else (200, batch)
    pre, post = random_spikes((*lead, 4, 1), seed=1), random_spikes((*lead, 3), seed=2)
    if batch is not None:
        post = post[:, :, None, :]
    w = learn(cls((4, 3)), pre, post, 0.5, batch)
    assert w.shape == (*lead, 4, 3)
    for i, j in ((0, 0), (3, 1)):
        one, other = pre[..., i, :], (post if batch is None else post[:, :, 0])[..., j : j + 1]
        alone = learn(cls(1), one, other, 0.5, batch)
        np.testing.assert_allclose(w[..., i, j], alone[..., 0], rtol=1e-6)


@EACH
def test_spikes_are_truth_values_whole_numbers_or_numbers_and_none_is_none(cls, clock):
    pre, post = (random_spikes((100, 2), seed=s) for s in (1, 2))
    expected = learn(cls(2), pre, post, 0.5)
    for kind in (bool, np.int32):
        assert np.array_equal(learn(cls(2), pre.astype(kind), post.astype(kind), 0.5), expected)
    rule = cls(2)
    rule.init_state()
    assert rule().tolist() == [0.5, 0.5]
    rule(None, True)
    rule(True)
    assert (rule.w.value < 0.5).all()


@EACH
def test_traces_and_weight_are_seen_and_have_no_unit(cls):
    rule = cls(2)
    rule.init_state(3)
    for name, spec in cls.states().items():
        assert isinstance(getattr(rule, name), brainstate.HiddenState)
        assert getattr(rule, name).value.shape == (3, 2)
        assert spec.unit.is_unitless
    assert issubclass(cls, SpikeTimingPlasticity)
    assert list(inspect.signature(cls).parameters)[-1] == "name"


@EACH
def test_a_gradient_passes_to_every_parameter(cls):
    pre, post = (random_spikes((200, 3), seed=s) for s in (3, 4))
    specs = {p: s for p, s in cls.parameters().items() if p not in ("w_min", "w_max")}

    @jax.grad
    def slope(numbers):
        values = {p: specs[p].quantity(v) for p, v in numbers.items()}
        return learn(cls(3, **values), pre, post, 0.5).sum()

    for p, value in slope({p: s.default_number for p, s in specs.items()}).items():
        assert np.isfinite(value), p
        assert value != 0.0, p


@EACH
def test_inputs_that_would_never_be_read_and_bounds_in_the_wrong_order_are_refused(cls):
    rule = cls(2)
    for add in (rule.add_current_input, rule.add_delta_input):
        with pytest.raises(ParameterError, match=f"{cls.__name__} takes no inputs besides"):
            add("drive", np.ones(2))
    with pytest.raises(ParameterError, match=rf"{cls.__name__}\.w_min must be below"):
        cls(2, w_min=1.0, w_max=0.5)
    with pytest.raises(ParameterError, match=r"bounds must be one of 'additive', 'multiplicative'"):
        cls(2, bounds="hard")
