"""Gap junctions: what flows between cells, and what is refused."""

import brainstate
import jax.numpy as jnp
import numpy as np
import pytest
import saiunit as u
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import LIF, AsymmetryGapJunction, FitzHughNagumo, ParameterError, SymmetryGapJunction

mV, S = u.mV, u.siemens


def cells(*potentials):
    model = LIF(np.shape(potentials[0]) if np.ndim(potentials[0]) else len(potentials))
    model.init_state()
    model.V.value = jnp.asarray(potentials[0] if np.ndim(potentials[0]) else potentials) * mV
    return model


def flows(model):
    (value,) = model.current_inputs.values()
    return value().to_decimal(u.mA)


def pairs(pre, post):
    return lambda *sizes: (np.array(pre), np.array(post))


def test_current_flows_from_the_higher_to_the_lower_potential():
    a, b = cells(0.5, 0.1), cells(0.2, 0.9, 0.0)
    out = SymmetryGapJunction((a, b), "V", pairs([0, 0, 1], [0, 2, 1]), 2.0 * S)()
    np.testing.assert_allclose(out.to_decimal(u.mA), [2 * 0.3 + 2 * 0.5, -2 * 0.8], rtol=1e-5)
    np.testing.assert_allclose(flows(a), [-1.6, 1.6], rtol=1e-5)
    np.testing.assert_allclose(flows(b), [0.6, -1.6, 1.0], rtol=1e-5)


COUPLING = st.tuples(st.integers(0, 3), st.integers(0, 2), st.floats(0.0, 5.0))


@given(
    st.one_of(st.just([]), st.lists(COUPLING, min_size=9, max_size=9)),  # few shapes compile fast
    st.integers(0, 99),
)
@settings(max_examples=15)
def test_what_flows_into_one_population_flows_out_of_the_other(couplings, seed):
    rng = np.random.default_rng(seed)
    a, b = cells(rng.normal(size=4)), cells(rng.normal(size=3))
    pre, post = ([int(c[k]) for c in couplings] for k in (0, 1))
    weight = np.array([c[2] for c in couplings], np.float32) * S
    SymmetryGapJunction((a, b), "V", lambda *sizes: (pre, post), weight)()
    assert float(flows(a).sum() + flows(b).sum()) == pytest.approx(0.0, abs=1e-4)


def test_an_asymmetric_junction_has_a_conductance_for_each_direction():
    a, b = cells(1.0), cells(0.0)
    AsymmetryGapJunction(a, "V", b, "V", pairs([0], [0]), np.array([2.0, 0.5]) * S)()
    assert (flows(a).tolist(), flows(b).tolist()) == ([-0.5], [2.0])


def test_a_population_of_two_dimensions_and_a_batch_is_coupled_cell_by_cell():
    rng = np.random.default_rng(0)
    model, other = LIF((2, 3)), LIF(6)
    for m in (model, other):
        m.init_state(4)
    V = rng.normal(size=(4, 2, 3)).astype(np.float32)
    model.V.value, other.V.value = V * mV, V.reshape(4, 6) * mV
    for m in (model, other):
        SymmetryGapJunction(m, "V", pairs([0, 5, 2], [1, 3, 4]), 0.3 * S)()
        assert [v().shape for v in m.current_inputs.values()] == [m.V.value.shape] * 2
    sums = [sum(v().to_decimal(u.mA) for v in m.current_inputs.values()) for m in (model, other)]
    np.testing.assert_allclose(sums[0].reshape(4, 6), sums[1], rtol=1e-6)


def test_coupled_cells_come_to_the_same_potential(clock):
    a, b = cells(0.9), cells(-0.3)
    junction = SymmetryGapJunction((a, b), "V", pairs([0], [0]), 1.0 * S)

    def step(_):
        junction()
        a()
        b()
        return a.V.value - b.V.value

    apart = brainstate.transform.for_loop(step, jnp.arange(600)).to_decimal(mV)[:, 0]
    # each cell leaks with 5 ms, and the difference flows off through both: 1/tau (1 + 2 R g)
    assert apart[0] == pytest.approx(1.2 * np.exp(-0.1 * 3 / 5), rel=2e-2)
    assert abs(apart[-1]) < 1e-3


def test_the_conductance_is_a_state_of_the_kind_asked_for():
    for kind in (brainstate.ParamState, brainstate.ShortTermState):
        junction = SymmetryGapJunction(cells(0.1, 0.2), "V", pairs([0], [1]), 1 * S, kind)
        assert type(junction.weight) is kind
    drawn = SymmetryGapJunction(
        cells(0.1, 0.2), "V", pairs([0, 1], [1, 0]), lambda shape: np.ones(shape) * S
    )
    assert drawn.weight.value.shape == (2,)


def test_a_junction_runs_once_in_a_step():
    a = cells(0.1, 0.2)
    junction = SymmetryGapJunction(a, "V", pairs([0], [1]), 1 * S)
    junction()
    with pytest.raises(ValueError, match="SymmetryGapJunction was run already"):
        junction()
    other = SymmetryGapJunction(a, "V", pairs([0], [1]), 1 * S)
    other()
    with brainstate.environ.context(dt=0.1 * u.ms):
        a()
    junction()


@pytest.mark.parametrize("compiled", [True, False])
def test_a_junction_that_runs_after_its_population_acts_in_the_next_step(clock, compiled):
    a = cells(0.9, -0.3)
    junction = SymmetryGapJunction(a, "V", pairs([0], [1]), 1.0 * S)

    def step(_):
        a()
        junction()
        return a.V.value.to_decimal(mV)

    loop = brainstate.transform.for_loop
    runs = [loop(step, jnp.arange(n)) for n in (2, 1)] if compiled else [step(0) for _ in range(3)]
    V = np.reshape(np.concatenate(runs), (3, 2))
    expected, flow = np.array([0.9, -0.3]), 0.0
    for k in range(3):
        target = np.array([-flow, flow])  # R I, with the current of the step before
        expected = target + (expected - target) * np.exp(-0.1 / 5)
        np.testing.assert_allclose(V[k], expected, rtol=1e-5)
        flow = expected[0] - expected[1]


ONE, TWO = cells(0.1, 0.2), cells(0.1, 0.2, 0.3)
UNBORN = LIF(2)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: SymmetryGapJunction((ONE, TWO), "V", pairs([0, 1], [0, 3]), 1 * S),
            "SymmetryGapJunction.conn gives the post index 3, but post has cells 0 to 2",
        ),
        (
            lambda: SymmetryGapJunction((ONE, TWO), "V", pairs([0, -1], [0, 1]), 1 * S),
            "gives the pre index -1, but pre has cells 0 to 1",
        ),
        (
            lambda: SymmetryGapJunction((ONE, TWO), "V", pairs([0, 1], [0]), 1 * S),
            "must pair the cells one by one, got 2 pre and 1 post indices",
        ),
        (
            lambda: SymmetryGapJunction((ONE, TWO), "V", pairs([0.5], [0]), 1 * S),
            "must return a list of whole numbers for pre",
        ),
        (
            lambda: SymmetryGapJunction((ONE, TWO), "V", lambda a, b: np.ones((3, 2)), 1 * S),
            "conn must return two lists of indices",
        ),
        (
            lambda: SymmetryGapJunction((ONE, TWO), "V", pairs([0, 1], [0, 1]), np.ones(3) * S),
            r"SymmetryGapJunction.weight must be a single conductance or one of shape \(2,\) for "
            r"its 2 pairs, got shape \(3,\)",
        ),
        (
            lambda: AsymmetryGapJunction(ONE, "V", TWO, "V", pairs([0], [0]), 1 * S),
            r"AsymmetryGapJunction.weight must be two conductances .* got shape \(\)",
        ),
        (
            lambda: SymmetryGapJunction((ONE, TWO, ONE), "V", pairs([0], [0]), 1 * S),
            "SymmetryGapJunction.couples must be one or two, got 3",
        ),
        (
            lambda: SymmetryGapJunction((ONE, 3), "V", pairs([0], [0]), 1 * S),
            "couples populations of neurons; post is a int",
        ),
        (
            lambda: SymmetryGapJunction((ONE, TWO), 5, pairs([0], [0]), 1 * S),
            "must be the name of a state such as 'V', got 5",
        ),
        (
            lambda: SymmetryGapJunction((ONE, TWO), ("V", "Vm"), pairs([0], [0]), 1 * S)(),
            "SymmetryGapJunction.post_state: LIF has no state 'Vm'; it has V",
        ),
        (
            lambda: SymmetryGapJunction(UNBORN, "V", pairs([0], [1]), 1 * S)(),
            r"LIF has no state 'V'; call init_state\(\) first",
        ),
    ],
)
def test_what_cannot_be_coupled_is_refused_in_a_sentence(make, words):
    with pytest.raises(ParameterError, match=words):
        make()


def test_states_of_different_kinds_are_not_coupled():
    plain = FitzHughNagumo(2)
    plain.init_state()
    junction = SymmetryGapJunction((cells(0.1, 0.2), plain), "V", pairs([0], [1]), 1 * S)
    with pytest.raises(ParameterError, match=r"couples a potential .* to a plain number"):
        junction()
