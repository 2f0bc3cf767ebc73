"""Projections: what arrives, when, in whatever order the parts run, and what is refused."""

import warnings

import brainstate
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import saiunit as u
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine import (
    COBA,
    CUBA,
    LIF,
    STD,
    STP,
    AlignPostProj,
    AllToAll,
    Alpha,
    CubaLIF,
    CurrentProj,
    DeltaProj,
    Expon,
    FixedProbability,
    OneToOne,
    ParameterError,
    Projection,
    align_post_projection,
    align_pre_projection,
    catalog,
)
from engine.projections import Delay, Pathway
from engine.specs import subclasses

mS, mV, mA, ms = u.mS, u.mV, u.mA, u.ms
PRE, POST, STEPS = 5, 3, 60
RNG = np.random.default_rng(11)
W = RNG.uniform(0.5, 2.0, (PRE, POST)).astype(np.float32)
SPIKES = (RNG.random((STEPS, PRE)) < 0.2).astype(np.float32)
LINEAR = [n for n, cls in catalog.synapses().items() if issubclass(cls, engine.AlignPost)]


def target(n=POST, **options):
    """Neurons that never spike, in which 1 uA makes 1 mV."""
    return LIF(n, R=1 * u.kohm, tau=20 * ms, V_th=1e6 * mV, **options)


def run(parts, read, spikes=SPIKES, *, batch=None, compiled=True, loops=1):
    """Run the projections with the spikes and the populations without, in the order given."""
    brainstate.nn.init_all_states(list(parts), *([] if batch is None else [batch]))

    def step(i, s):
        with brainstate.environ.context(i=i, t=i * 0.1 * ms):
            for part in parts:
                part(s) if isinstance(part, Projection) else part()
            return read()

    pieces = np.array_split(np.arange(len(spikes)), loops)
    if compiled:
        runs = [brainstate.transform.for_loop(step, jnp.asarray(p), spikes[p]) for p in pieces]
        return np.concatenate([np.asarray(r) for r in runs])
    return np.asarray([step(i, spikes[i]) for i in range(len(spikes))])


def potential(post):
    return lambda: post.V.value.to_decimal(mV)


def delta(post, **options):
    return DeltaProj(comm=W * mV, post=post, **options)


def shared(post, comm=W * mS, **options):
    syn, out = Expon.desc(tau=5 * ms), CUBA.desc(scale=1 * mV)
    return AlignPostProj(comm=comm, syn=syn, out=out, post=post, **options)


def own(post, comm=W * mS, **options):
    syn, out = Expon(post.varshape, tau=5 * ms), CUBA(scale=1 * mV)
    return AlignPostProj(comm=comm, syn=syn, out=out, post=post, **options)


def before(post, **options):
    return align_pre_projection(
        syn=Expon(PRE, tau=5 * ms), comm=W, out=CUBA(scale=1 * mV), post=post, **options
    )


def current(post, **options):
    return CurrentProj(comm=W * mS, out=CUBA(scale=1 * mV), post=post, **options)


KINDS = {f.__name__: f for f in (delta, shared, own, before, current)}
CARRIED = pytest.mark.parametrize("kind", ["delta", "shared"])
EACH = pytest.mark.parametrize("kind", KINDS)
pytestmark = pytest.mark.usefixtures("clock")


# -- what arrives ------------------------------------------------------------------------------


def test_the_projections_under_test_are_all_there_are():
    made = {type(make(target())) for make in KINDS.values()}
    assert made == {c for c in subclasses(Pathway) if c.__module__.startswith("engine")}


def test_delta_jumps_add_up_and_leak():
    post = target()
    V = run([delta(post), post], potential(post))
    expected = np.zeros(POST)
    for k in range(STEPS):
        expected = expected * np.exp(-0.1 / 20) + SPIKES[k] @ W
        np.testing.assert_allclose(V[k], expected, rtol=1e-4)


def test_one_spike_makes_the_difference_of_two_exponentials():
    post = target()
    spikes = np.zeros((400, PRE), np.float32)
    spikes[0, 2] = 1.0
    with brainstate.environ.context(dt=0.02 * ms):
        V = run([shared(post), post], potential(post), spikes)
    t = 0.02 * np.arange(1, 401)[:, None]
    # tau dV/dt = -V + w exp(-t/tau_s): V = w tau_s/(tau - tau_s) (exp(-t/tau) - exp(-t/tau_s))
    expected = W[2] * 5 / (20 - 5) * (np.exp(-t / 20) - np.exp(-t / 5))
    np.testing.assert_allclose(V, expected, rtol=5e-3, atol=1e-4)


@pytest.mark.parametrize("output", catalog.outputs())
@pytest.mark.parametrize("synapse", LINEAR)
def test_a_shared_synapse_gives_what_a_synapse_of_its_own_gives(synapse, output):
    syn, out = catalog.find(synapse), catalog.find(output)
    start = {"V_initializer": -5.0 * mV}  # where a conductance drives a current
    one, two, alone = (target(**start) for _ in range(3))
    parts = [AlignPostProj(comm=W * mS, syn=syn(POST), out=out(), post=one), one]
    parts += [AlignPostProj(comm=W * mS, syn=syn.desc(), out=out.desc(), post=two), two]
    first, second = np.moveaxis(
        run(parts, lambda: jnp.stack([potential(one)(), potential(two)()])), 1, 0
    )
    np.testing.assert_allclose(first, second, rtol=1e-5)
    assert np.abs(first - run([alone], potential(alone))).max() > 1e-3


@pytest.mark.parametrize("stp", [None, STP, STD])
def test_a_linear_synapse_is_the_same_before_and_after_the_connections(stp):
    one, two = target(), target()
    options = {"out": CUBA.desc(scale=1 * mV), "stp": stp and stp.desc()}
    after = align_post_projection(comm=W, syn=Expon.desc(tau=5 * ms), post=one, **options)
    early = align_pre_projection(comm=W, syn=Expon.desc(tau=5 * ms), post=two, **options)
    read = lambda: jnp.stack([potential(one)(), potential(two)()])  # noqa: E731
    first, second = np.moveaxis(run([after, early, one, two], read), 1, 0)
    np.testing.assert_allclose(first, second, rtol=1e-4)
    if stp is not None:
        plain = run([shared(three := target()), three], potential(three))
        assert not np.allclose(plain[-1], first[-1], rtol=0.05)


@pytest.mark.parametrize("stp", [STP, STD])
@pytest.mark.parametrize("described", [True, False])
def test_plasticity_stands_in_the_path(stp, described):
    post, filtered, g = target(), stp(PRE), Expon(POST)
    given_ = stp.desc() if described else stp(PRE)
    options = {"comm": W * mS, "out": CUBA(), "post": post}
    path = align_post_projection(syn=Expon(POST), stp=given_, **options)
    brainstate.nn.init_all_states([path, filtered, g])
    for s in SPIKES[:30]:
        path(s)
        post()
        expected = g(filtered(s) @ W * mS)
        np.testing.assert_allclose(
            path.syn.g.value.to_decimal(mS), expected.to_decimal(mS), rtol=1e-5, atol=1e-6
        )


def test_receptors_before_the_connections_saturate():
    post, receptor = target(), engine.AMPA(PRE)
    path = align_pre_projection(
        lambda s: s > 0, syn=engine.AMPA.desc(), comm=W, out=COBA(E=10 * mV), post=post
    )
    brainstate.nn.init_all_states([path, receptor])
    for i, s in enumerate(SPIKES[:30]):
        with brainstate.environ.context(i=i, t=i * 0.1 * ms):
            path(s)
            bound = path.out(2 * mV)
            post()
            expected = (receptor(s > 0).to_decimal(mS) @ W) * (10 - 2)
            np.testing.assert_allclose(bound.to_decimal(u.uA), expected, rtol=1e-5)
    assert float(path.syn.g.value.max().to_decimal(mS)) < 1.0


@EACH
def test_a_batch_is_each_of_its_members(kind):
    members = np.stack([np.roll(SPIKES[:20], k, axis=1) for k in range(3)], axis=1)

    def V(spikes, batch=None):
        post = target()
        options = {"delay": [0.0, 0.1, 0.2, 0.3, 0.4] * ms}
        return run([KINDS[kind](post, **options), post], potential(post), spikes, batch=batch)

    together = V(members, batch=3)
    for k in range(3):
        np.testing.assert_allclose(together[:, k], V(members[:, k]), rtol=1e-5, atol=1e-7)


def test_a_label_tells_the_inputs_apart():
    post = target()
    post.init_state()
    excitation, other = delta(post, label="ex"), delta(post, label="ex2")
    excitation(np.ones(PRE))
    other(2 * np.ones(PRE))
    for label, times in (("ex", 1), ("ex2", 2)):
        found = post.sum_delta_inputs(jnp.zeros(POST) * mV, label=label, pop=False)
        np.testing.assert_allclose(found.to_decimal(mV), times * W.sum(0), rtol=1e-5)


def test_a_plain_number_has_the_unit_of_what_it_jumps():
    for make, unit in ((LIF, mV), (CubaLIF, mA)):
        post = make(POST)
        post.init_state()
        projection = DeltaProj(comm=W, post=post)
        projection(np.ones(PRE))
        inp = post.get_input(projection.name)()
        np.testing.assert_allclose(inp.to_decimal(unit), W.sum(0), rtol=1e-5)


def test_a_gradient_reaches_the_weights_through_a_compiled_loop():
    post = target()
    layer = AllToAll(PRE, POST, W * mS)
    parts = [shared(post, comm=layer, delay=0.2 * ms), post]

    def loss():
        for part in parts:
            brainstate.nn.reset_all_states(part)

        def step(i, s):
            parts[0](s)
            post()

        brainstate.transform.for_loop(step, jnp.arange(20), SPIKES[:20])
        return (post.V.value.to_decimal(mV) ** 2).sum()

    brainstate.nn.init_all_states(parts)
    slope = u.get_mantissa(brainstate.transform.grad(loss, {"w": layer.weight})()["w"])
    value = float(loss())
    # V is proportional to the weights, so that the loss is a square: w . dL/dw = 2 L
    assert float((slope * W).sum()) == pytest.approx(2 * value, rel=1e-3)
    assert value > 1e-3


# -- when it arrives ---------------------------------------------------------------------------


@CARRIED
@pytest.mark.parametrize("loops", [1, 3])
def test_a_projection_after_its_target_delivers_in_the_next_step(kind, loops):
    post = target()
    late = run([post, KINDS[kind](post)], potential(post), loops=loops)
    post = target()
    eager = run([post, KINDS[kind](post)], potential(post), compiled=False)
    post = target()
    early = run([KINDS[kind](post), post], potential(post))
    np.testing.assert_allclose(late, eager, rtol=1e-5)
    np.testing.assert_allclose(late[1:], early[:-1], rtol=1e-5)
    assert np.abs(late).max() > 0.1


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"delta", "shared"}))
def test_a_projection_whose_stage_comes_too_late_is_refused(kind):
    post = target()
    with pytest.raises(ValueError, match="run the projection that feeds it before the neuron"):
        run([post, KINDS[kind](post)], potential(post))
    fresh = target()  # and the next loop is not spoilt
    assert run([KINDS[kind](fresh), fresh], potential(fresh)).max() > 0


@CARRIED
def test_a_projection_that_runs_twice_in_a_step_delivers_twice(kind):
    one, two = target(), target()
    once, twice = KINDS[kind](one), KINDS[kind](two)
    first = run([once, one], potential(one), 2 * SPIKES)
    second = run([twice, twice, two], potential(two), SPIKES)
    np.testing.assert_allclose(first, second, rtol=1e-5)


@CARRIED
def test_what_was_delivered_is_forgotten_with_the_states(kind):
    post = target()
    projection = KINDS[kind](post)
    brainstate.nn.init_all_states([projection, post])
    for forget in (brainstate.nn.init_all_states, brainstate.nn.reset_all_states):
        projection(np.ones(PRE))
        forget([projection, post])
        post()
        assert float(u.math.abs(post.V.value).max().to_decimal(mV)) == 0.0


def test_a_target_that_is_initialised_alone_takes_a_batch():
    post = target()
    projection = delta(post)
    post.init_state(4)

    def step(i):
        projection(jnp.ones((4, PRE)))
        post()
        return post.V.value.to_decimal(mV)

    V = brainstate.transform.for_loop(step, jnp.arange(1))
    np.testing.assert_allclose(V[0], np.tile(W.sum(0), (4, 1)), rtol=1e-5)


@EACH
@pytest.mark.parametrize("steps", [0, 1, 7])
def test_a_delay_shifts_everything_by_exactly_its_steps(kind, steps):
    one, two = target(), target()
    late = run([KINDS[kind](one, delay=steps * 0.1 * ms), one], potential(one), loops=2)
    prompt = run([KINDS[kind](two), two], potential(two))
    np.testing.assert_allclose(late[:steps], 0.0)
    np.testing.assert_allclose(late[steps:], prompt[: STEPS - steps], rtol=1e-5)


def test_each_presynaptic_cell_has_its_delay():
    steps = np.array([0, 1, 2, 5, 9])
    post = target()
    V = run([delta(post, delay=0.1 * steps * ms), post], potential(post))
    delayed = np.zeros_like(SPIKES)
    for cell, d in enumerate(steps):
        delayed[d:, cell] = SPIKES[: STEPS - d, cell]
    other = target()
    np.testing.assert_allclose(
        V, run([delta(other), other], potential(other), delayed), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("batch", [None, 2])
@pytest.mark.parametrize(
    "layer",
    [
        AllToAll(PRE, POST, W * mV),
        AllToAll(PRE, POST, 2 * mV),
        FixedProbability(PRE, POST, 0.6, lambda n: np.arange(1.0, 1 + n[0]) * mV),
        OneToOne(PRE, np.arange(1.0, 1 + PRE) * mV),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_each_connection_has_its_delay(layer, batch):
    steps = np.random.default_rng(2).integers(0, 8, layer.connections)
    post = target(layer.n_post)
    spikes = SPIKES if batch is None else np.stack([SPIKES, SPIKES[::-1]], axis=1)
    parts = [DeltaProj(comm=layer, post=post, delay=0.1 * steps * ms), post]
    V = run(parts, potential(post), spikes, batch=batch)

    impulse = [
        layer.collect(row.reshape(layer.connections)).to_decimal(mV)
        for row in np.eye(steps.size, dtype=np.float32)
    ]  # what each connection delivers, and where
    expected = np.zeros(V.shape[1:])
    for k in range(STEPS):
        expected = expected * np.exp(-0.1 / 20)
        for amount, d, source in zip(impulse, steps.ravel(), layer.sources.ravel(), strict=True):
            if k >= d:
                expected = expected + spikes[k - d][..., source, None] * amount
        np.testing.assert_allclose(V[k], expected, rtol=1e-4, atol=1e-5)


@given(
    st.lists(st.integers(0, 6), min_size=4, max_size=4),
    st.sampled_from([0.1, 0.05, 0.25, 0.3]),
    st.integers(0, 1000),
)
@settings(max_examples=15, deadline=None)
def test_a_delay_counts_whole_steps_at_any_time_step(steps, dt, seed):
    x = np.random.default_rng(seed).normal(size=(12, 4)).astype(np.float32)
    with brainstate.environ.context(dt=dt * ms), warnings.catch_warnings():
        warnings.simplefilter("error")
        delay = Delay(np.array(steps) * dt * ms, (4,))
        delay.init_state()
        out = np.asarray([delay(row) for row in x])
    for cell, d in enumerate(steps):
        np.testing.assert_array_equal(out[:, cell], np.r_[np.zeros(d), x[: 12 - d, cell]])


def test_delays_between_two_steps_are_rounded_and_say_so():
    delay = Delay([0.2, 0.26, 0.34] * ms, (3,), path="EE.delay")
    words = r"EE.delay: 0.26 ms is no multiple of the time step of 0.1 ms .* 3 steps \(2 of 3"
    with pytest.warns(UserWarning, match=words):
        delay.init_state()
    out = np.asarray([delay(np.full(3, float(k == 0))) for k in range(5)])
    assert out.argmax(0).tolist() == [2, 3, 3]
    assert set(np.unique(out)) == {0.0, 1.0}  # a spike stays whole


def test_a_delay_keeps_the_unit_of_what_it_delays():
    delay = Delay(0.1 * ms, (2,))
    delay.init_state()
    delay(np.array([1.0, 2.0]) * mS)
    assert delay(np.zeros(2) * mS).to_decimal(mS).tolist() == [1.0, 2.0]


# -- how parts go together ---------------------------------------------------------------------


def test_descriptions_instances_delays_and_projections_live_on_one_population():
    pre, post = LIF(PRE), target()
    fast = pre.align_pre(Expon.desc(tau=2 * ms))
    slow = pre.align_pre(Expon.desc(tau=20 * ms))
    owned = pre.align_pre(Alpha(PRE, g_initializer=0.0))
    parts = [
        CurrentProj(fast.prefetch("g"), comm=W, out=CUBA(scale=1 * mV), post=post),
        CurrentProj(slow.prefetch_delay("g", 0.3 * ms), comm=W, out=COBA(E=9 * mV), post=post),
        DeltaProj(pre.output_delay(0.5 * ms), comm=W * mV, post=post),
        DeltaProj(pre.prefetch_delay("V", 0.2 * ms), pre.get_spike, comm=W * mV, post=post),
        AlignPostProj(
            pre.get_spike, comm=W * mS, syn=Expon.desc(), out=COBA.desc(9 * mV), post=post
        ),
        AlignPostProj(
            pre.get_spike, comm=W * mS, syn=Expon.desc(tau=3 * ms), out=CUBA.desc(1 * mV), post=post
        ),
    ]
    net = brainstate.nn.Module()
    net.pre, net.post, net.parts = pre, post, parts
    brainstate.nn.init_all_states(net)

    def step(i):
        for part in parts:
            part()
        pre(3 * mA)
        post()
        return post.V.value.to_decimal(mV), owned.g.value

    V, g = brainstate.transform.for_loop(step, jnp.arange(200))
    assert float(V[-1].min()) > 1.0
    assert float(g.max()) > 0.0
    assert len({part.name for part in parts}) == len(parts)


def test_equal_descriptions_share_a_synapse_and_others_do_not():
    post = target()
    one, same = shared(post), shared(post)
    other = AlignPostProj(
        comm=W * mS, syn=Expon.desc(tau=6 * ms), out=CUBA.desc(scale=1 * mV), post=post
    )
    labelled = shared(post, label="ex")
    assert one.syn is same.syn
    assert one.out is same.out
    assert len({id(p.syn) for p in (one, other, labelled)}) == 3
    parts, alone = target(), target()
    split = [shared(parts, comm=k * W * mS) for k in (0.25, 0.75)]
    V = run([*split, parts], potential(parts))
    np.testing.assert_allclose(V, run([shared(alone), alone], potential(alone)), rtol=1e-4)


def test_a_projection_of_ones_own_is_a_projection():
    class Mean(Projection):
        def __init__(self, post):
            super().__init__("mean")
            self.post = post

        def update(self, spikes):
            self.post.add_current_input(self.name, spikes.mean() * mA)

    post = target()
    assert run([Mean(post), post], potential(post)).max() > 0
    assert isinstance(
        engine.SymmetryGapJunction(post, "V", lambda *_: ([0], [1]), 1 * mS), Projection
    )
    with pytest.raises(NotImplementedError, match="Projection does not define update"):
        Projection()()


# -- what is refused ---------------------------------------------------------------------------


def initialised(make, post=None, batch=None):
    post = post or target()
    projection = make(post)
    brainstate.nn.init_all_states([projection, post], *([] if batch is None else [batch]))
    return projection


def twice(kind):
    post, syn, out = target(), Expon(POST), CUBA()
    AlignPostProj(comm=W * mS, syn=syn, out=out, post=post)
    syn, out = (syn, CUBA()) if kind == "syn" else (Expon(POST), out)
    return AlignPostProj(comm=W * mS, syn=syn, out=out, post=post)


def align(syn, out, post=None, comm=W * mS):
    return AlignPostProj(comm=comm, syn=syn, out=out, post=post or target())


TYPES = [
    (lambda: DeltaProj(comm=W, post=3), "DeltaProj.post must be a population .* got an int"),
    (
        lambda: DeltaProj(comm=3, post=target()),
        "DeltaProj.comm must be a layer, a function or a ma",
    ),
    (lambda: DeltaProj(comm=W[0] * mV, post=target()), r"got an array of shape \(3,\) in mV"),
    (lambda: DeltaProj(3, comm=W, post=target()), "number 1 is an int, which cannot be called"),
    (
        lambda: align(Expon(POST), COBA.desc()),
        "or a description of both, got an Expon and a descri",
    ),
    (
        lambda: align(Alpha.desc(), COBA.desc()),
        "got a description of Alpha; .*align_pre_projection",
    ),
    (lambda: align(Expon.desc(), LIF.desc(3)), "output stage .* got a description of LIF"),
    (lambda: align(3, COBA()), "AlignPostProj.syn must be a synapse .* got an int"),
    (lambda: align(Expon(POST), 3), "AlignPostProj.out must be an output stage .* got an int"),
    (
        lambda: CurrentProj(lambda: 1, comm=W, out=CUBA(), post=target()),
        "CurrentProj reads a state: .* got a function",
    ),
]


@pytest.mark.parametrize(("do", "words"), TYPES)
def test_another_kind_of_part_is_refused(do, words):
    with pytest.raises(TypeError, match=words):
        do()


def loop_of(delay):
    return lambda: initialised(lambda post: delta(post, delay=delay))


ERRORS = [
    (lambda: align(Expon(4), CUBA()), r"syn has the size \(4,\), but its target has \(3,\)"),
    (lambda: align(Expon.desc(4), CUBA.desc()), r"syn has the size \(4,\), but its target"),
    (lambda: twice("syn"), "is the synapse of another projection"),
    (lambda: twice("out"), "is an output stage of LIF already"),
    (lambda: initialised(delta)(), r"DeltaProj has to be run with the presynaptic spikes"),
    (lambda: initialised(delta)(np.ones(4)), "AllToAll connects 5 presynaptic cells, got activity"),
    (
        lambda: initialised(lambda p: DeltaProj(comm=W * mA, post=p))(np.ones(PRE)),
        "DeltaProj.comm must deliver a potential, got a current, in mA",
    ),
    (
        lambda: initialised(lambda p: own(p, comm=W * mV))(np.ones(PRE)),
        "AlignPostProj.comm must deliver a conductance, got a potential, in mV",
    ),
    (
        lambda: initialised(shared)(np.ones((4, PRE))),
        r"comm delivers the shape \(4, 3\) where \(3,\) is expected; for a batch call",
    ),
    (
        lambda: initialised(lambda p: CurrentProj(comm=W.T, out=CUBA(), post=p))(np.ones(POST)),
        r"CurrentProj.comm delivers the shape \(5,\) where \(3,\) is expected",
    ),
    (lambda: delta(target())(np.ones(PRE)), r"LIF has no state yet .* call init_state\(\)"),
    (
        lambda: DeltaProj(comm=lambda x: x, post=target(), delay=1 * ms),
        "DeltaProj.comm is a plain function; give a matrix or a layer with in_size",
    ),
    (loop_of(0.04 * ms), "DeltaProj.delay of 0.04 ms is shorter than the time step of 0.1 ms"),
    (loop_of([0.2, 0.2, 0.06, 1, 1] * ms), "delay of 0.06 ms is shorter than the time step"),
    (loop_of(-1 * ms), "DeltaProj.delay must be at least 0 ms, got -1 ms"),
    (loop_of(np.nan * ms), "DeltaProj.delay must be at least 0 ms, got nan ms"),
    (loop_of(1 * mV), "DeltaProj.delay must be a time, got 1 mV"),
    (loop_of(2.0), "DeltaProj.delay must be a time, got the plain number 2"),
    (loop_of(np.ones(5) * mV), "DeltaProj.delay must be a time, got an array mV"),
    (loop_of(np.ones(4) * ms), r"one for each presynaptic cell, \(5,\) or .*\(5, 3\); got shape"),
    (
        lambda: before(target(), delay=np.ones((PRE, POST)) * ms),
        r"AlignPreProj.delay must be one time, one for each presynaptic cell, \(5,\); got shape",
    ),
    (
        lambda: jax.jit(lambda d: delta(target(), delay=d * ms) and 0)(1.0),
        "DeltaProj.delay shapes the compiled program",
    ),
    (
        lambda: delta(target(), delay=1 * ms)(np.ones(PRE)),
        r"DeltaProj.delay has no memory yet: call brainstate.nn.init_all_states\(net\)",
    ),
    (
        lambda: initialised(lambda p: delta(p, delay=1 * ms))(np.ones((2, PRE))),
        r"holds activity of shape \(5,\), got \(2, 5\); for a batch call .*\(net, 2\)",
    ),
]


@pytest.mark.parametrize(("do", "words"), ERRORS)
def test_what_does_not_fit_is_said(do, words):
    with pytest.raises(ParameterError, match=words):
        do()


def test_a_delay_is_counted_in_the_steps_it_was_made_for():
    projection = initialised(lambda post: delta(post, delay=1 * ms))
    with (
        brainstate.environ.context(dt=0.2 * ms),
        pytest.raises(ParameterError, match=r"in steps of 0.1 ms, but the time step is 0.2"),
    ):
        projection(np.ones(PRE))


def test_a_population_with_a_shared_synapse_has_to_be_called():
    post = target()
    projection = initialised(shared, post)
    projection(np.ones(PRE))
    with pytest.raises(ValueError, match=r"when called as neuron\(x\), not as neuron.update\(x\)"):
        post.update()


def test_a_plain_input_left_over_from_a_compiled_loop_is_named():
    post = target()
    post.init_state()

    def step(i):
        post()
        post.add_delta_input("late", i * mV)

    brainstate.transform.for_loop(step, jnp.arange(3.0))
    words = "'late' of LIF is left over from a compiled loop"
    for again in (
        lambda: brainstate.transform.for_loop(step, jnp.arange(3.0)),
        post,
        lambda: post.add_delta_input("late", 1 * mV),
    ):
        with pytest.raises(ValueError, match=words):
            again()
    post.init_state()
    post()


def test_a_plain_input_of_an_outer_function_reaches_an_inner_loop():
    post = target()
    post.init_state()

    @brainstate.transform.jit
    def whole(x):
        post.add_delta_input("early", x * mV)
        brainstate.transform.for_loop(lambda i: post(), jnp.arange(1))
        return post.V.value.to_decimal(mV)

    np.testing.assert_allclose(whole(2.0), 2.0, rtol=1e-6)


def test_mapped_states_are_a_batch():
    def make():
        post = target()
        net = brainstate.nn.Module()
        net.post, net.parts = post, [shared(post, delay=0.2 * ms), delta(post)]
        return net

    def step(net, s):
        for part in net.parts:
            part(s)
        net.post()

    members = np.stack([np.roll(SPIKES[:8], k, axis=1) for k in range(3)], axis=1)
    mapped, batch = make(), make()
    brainstate.nn.init_all_states(batch, 3)
    brainstate.nn.vmap_init_all_states(mapped, axis_size=3, state_tag="member")
    kept = mapped.states("member")
    run_all = brainstate.transform.vmap(lambda s: step(mapped, s), in_states=kept, out_states=kept)
    brainstate.transform.for_loop(run_all, jnp.asarray(members))
    brainstate.transform.for_loop(lambda s: step(batch, s), jnp.asarray(members))
    np.testing.assert_allclose(potential(mapped.post)(), potential(batch.post)(), rtol=1e-5)


@pytest.mark.parametrize("described", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_inhibition_holds_a_recurrent_network_back(described):
    def rate(inhibition):
        cells = {"R": 1 * u.kohm, "tau": 20 * ms, "tau_ref": 5 * ms, "spk_reset": "hard"}
        cells |= {"V_th": -50 * mV, "V_reset": -60 * mV, "V_rest": -60 * mV}
        sizes = {"E": 160, "I": 40}
        groups = {
            k: engine.LIFRef(n, V_initializer=np.linspace(-65, -51, n) * mV, **cells)
            for k, n in sizes.items()
        }
        kinds = {"E": (5 * ms, 0 * mV, 1.5), "I": (10 * ms, -80 * mV, inhibition)}
        parts = []
        for seed, (pre, post) in enumerate((p, q) for p in "EI" for q in "EI"):
            tau, E, weight = kinds[pre]
            syn = Expon.desc(tau=tau) if described else Expon(sizes[post], tau=tau)
            out = COBA.desc(E=E) if described else COBA(E=E)
            comm = FixedProbability(sizes[pre], sizes[post], 0.15, weight * mS, seed)
            parts.append(
                AlignPostProj(
                    groups[pre].get_spike,
                    comm=comm,
                    syn=syn,
                    out=out,
                    post=groups[post],
                    delay=1.5 * ms,
                )
            )
        brainstate.nn.init_all_states([*parts, *groups.values()])

        def step(i):
            with brainstate.environ.context(i=i, t=i * 0.1 * ms):
                for part in parts:
                    part()
                return jnp.concatenate([g(20 * u.uA) for g in groups.values()])

        return np.asarray(brainstate.transform.for_loop(step, jnp.arange(1500))).mean() / 1e-4

    balanced, runaway = rate(12.0), rate(0.0)
    assert 2 < balanced < 70
    assert runaway > 2 * balanced
