"""Projections beside the field's reference implementation, step for step."""

import functools

import brainpy.state
import brainstate
import jax.numpy as jnp
import numpy as np
import pytest
import saiunit as u

import engine

SIDES = {"ours": engine, "theirs": brainpy.state}
PRE, POST, DT, STEPS = 6, 4, 0.125, 400
mS, mV, uA, ms = u.mS, u.mV, u.uA, u.ms

RNG = np.random.default_rng(3)
WEIGHTS = RNG.uniform(0.2, 1.0, (PRE, POST)).astype(np.float32)
SPIKES = RNG.random((STEPS, PRE)) < 0.08
OUTPUTS = {
    "COBA": lambda side, way: way(side.COBA)(E=3.0 * mV),
    "CUBA": lambda side, way: way(side.CUBA)(scale=2.0 * mV),
}
SYNAPSES = {
    "Expon": lambda side, way: way(side.Expon)(POST, tau=5.0 * ms),
    "DualExpon": lambda side, way: way(side.DualExpon)(POST, tau_decay=6 * ms, tau_rise=2 * ms),
    "Alpha": lambda side, way: way(side.Alpha)(POST, tau=4.0 * ms),
}
WAYS = {"instance": lambda cls: cls, "described": lambda cls: cls.desc}


def population(side, n, model="LIF"):
    """Neurons of which 1 uA moves the potential by 1 mV."""
    return getattr(side, model)(n, R=1 * u.kohm)


def linear(weights=WEIGHTS, unit=mS):
    return brainstate.nn.Linear(*weights.shape, w_init=weights * unit, b_init=None)


def run(net, post, read, *, batch=None, given=SPIKES, order="projection first"):
    """Potentials and what ``read`` gives, over time, with a compiled loop."""
    with brainstate.environ.context(dt=DT * ms):
        brainstate.nn.init_all_states(net, *([] if batch is None else [batch]))

    def step(i, spikes):
        with brainstate.environ.context(i=i, t=i * DT * ms):
            if batch is not None:
                spikes = jnp.stack([jnp.roll(spikes, k) for k in range(batch)])
            net(spikes)
            post(0.6 * uA)
            return post.V.value.to_decimal(mV), post.get_spike(), read()

    with brainstate.environ.context(dt=DT * ms):
        return brainstate.transform.for_loop(
            step, jnp.arange(len(given)), jnp.asarray(given, np.float32)
        )


def agree(make, *, spiking=True, **options):
    ours, theirs = (run(*make(side), **options) for side in SIDES.values())
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(
            u.get_mantissa(mine), u.get_mantissa(other), rtol=2e-4, atol=2e-5
        )
    assert float(ours[1].sum()) > 10 or not spiking


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize(
    ("synapse", "way"),
    [(s, w) for s in SYNAPSES for w in WAYS if (s, w) != ("Alpha", "described")],
)
def test_synapses_on_the_postsynaptic_side(synapse, way, output):
    def make(side):
        post = population(side, POST)
        projection = side.AlignPostProj(
            comm=linear(),
            syn=SYNAPSES[synapse](side, WAYS[way]),
            out=OUTPUTS[output](side, WAYS[way]),
            post=post,
        )
        state = "g_decay" if synapse == "DualExpon" else "g"
        return projection, post, lambda: getattr(projection.syn, state).value.to_decimal(mS)

    agree(make)


@pytest.mark.parametrize("way", WAYS)
def test_a_batch(way):
    def make(side):
        post = population(side, POST)
        projection = side.AlignPostProj(
            comm=linear(),
            syn=SYNAPSES["Expon"](side, WAYS[way]),
            out=OUTPUTS["COBA"](side, WAYS[way]),
            post=post,
        )
        return projection, post, lambda: projection.syn.g.value.to_decimal(mS)

    agree(make, batch=3, given=SPIKES[:100])


def test_two_described_projections_share_their_synapse_and_another_label_does_not():
    def make(side, labels):
        post = population(side, POST)
        parts = [
            side.AlignPostProj(
                comm=linear(WEIGHTS * (k + 1)),
                syn=side.Expon.desc(POST, tau=5 * ms),
                out=side.COBA.desc(E=3 * mV),
                post=post,
                label=label,
            )
            for k, label in enumerate(labels)
        ]
        net = brainstate.nn.Module()
        net.parts, net.update = parts, lambda s: [part(s) for part in parts]
        return net, post, lambda: parts[1].syn.g.value.to_decimal(mS)

    for labels in (("ex", "ex"), ("ex", "ex2"), (None, None)):
        agree(functools.partial(make, labels=labels), given=SPIKES[:150])
        net, post, _ = make(engine, labels)
        shared = labels[0] == labels[1]
        assert (net.parts[0].syn is net.parts[1].syn) == shared
        assert len(post.current_inputs) == (1 if shared else 2)


@pytest.mark.parametrize("model", ["LIF", "CubaLIF"])
def test_delta_synapses(model):
    def make(side):
        post = population(side, POST, model)
        comm = linear(WEIGHTS * 0.4, mV if model == "LIF" else uA)
        return side.DeltaProj(comm=comm, post=post, label="ex"), post, lambda: 0.0

    agree(make)


def test_a_state_that_drives_a_current():
    def make(side):
        pre, post = population(side, PRE), population(side, POST)
        source = pre.align_pre(side.Expon.desc(PRE, g_initializer=lambda shape: jnp.zeros(shape)))
        projection = side.CurrentProj(
            source.prefetch("g"), comm=linear(WEIGHTS * 0.2), out=side.CUBA(scale=1 * mV), post=post
        )
        net = brainstate.nn.Module()
        net.pre, net.projection = pre, projection
        net.update = lambda s: (projection(), pre(s * 40 * uA))
        return net, post, lambda: source.g.value

    agree(make)


DELAYS = {
    "one": 2.5 * ms,
    "one for each cell": np.array([0.0, 0.125, 0.25, 1.25, 2.5, 6.25]) * ms,
}


@pytest.mark.parametrize("kind", ["AlignPostProj", "CurrentProj"])
@pytest.mark.parametrize("delay", DELAYS)
def test_delays(kind, delay):
    def make(side):
        post = population(side, POST)
        if kind == "AlignPostProj":
            projection = side.AlignPostProj(
                comm=linear(),
                syn=side.Expon.desc(POST, tau=5 * ms),
                out=side.COBA.desc(E=3 * mV),
                post=post,
                delay=DELAYS[delay],
            )
        else:
            projection = side.CurrentProj(
                comm=linear(WEIGHTS * 5),
                out=side.CUBA(scale=1 * mV),
                post=post,
                delay=DELAYS[delay],
            )
        return projection, post, lambda: 0.0

    agree(make)


@pytest.mark.parametrize("way", ["prefetch_delay", "output_delay"])
def test_delays_that_the_presynaptic_population_keeps(way):
    def make(side):
        pre, post = population(side, PRE), population(side, POST)
        if way == "output_delay":
            chain = [pre.output_delay(1.25 * ms)]
        else:
            chain = [pre.prefetch_delay("V", 1.25 * ms), lambda V: pre.get_spike(V)]
        projection = side.DeltaProj(*chain, comm=linear(WEIGHTS * 0.4, mV), post=post)
        net = brainstate.nn.Module()
        net.pre, net.projection = pre, projection
        net.update = lambda s: (projection(), pre(s * 60 * uA))
        return net, post, lambda: pre.V.value.to_decimal(mV)

    with brainstate.environ.context(dt=DT * ms):
        agree(make)


RECURRENT = {  # weights of excitation and inhibition, and the output stages of both
    "COBA": (
        1.2 * mS,
        10.0 * mS,
        lambda side: side.COBA.desc(E=0 * mV),
        lambda side: side.COBA.desc(E=-80 * mV),
    ),
    "CUBA": (
        16.0 * mS,
        -80.0 * mS,
        lambda side: side.CUBA.desc(scale=0.1 * mV),
        lambda side: side.CUBA.desc(scale=0.1 * mV),
    ),
}


@pytest.mark.parametrize("output", RECURRENT)
def test_a_recurrent_network_of_excitation_and_inhibition(output):
    excite, inhibit, out_E, out_I = RECURRENT[output]
    n, n_E = 300, 240
    chosen = np.random.default_rng(1).random((n, n)) < 0.1

    def spikes(side):
        neurons = side.LIFRef(
            n,
            R=1 * u.kohm,
            tau=20 * ms,
            tau_ref=5 * ms,
            V_th=-50 * mV,
            V_reset=-60 * mV,
            V_rest=-60 * mV,
            V_initializer=np.linspace(-65, -51, n, dtype=np.float32) * mV,
            spk_reset="hard",
        )
        parts = [
            side.AlignPostProj(
                lambda s: s[:n_E],
                comm=linear(chosen[:n_E].astype(np.float32), excite),
                syn=side.Expon.desc(n, tau=5 * ms),
                out=out_E(side),
                post=neurons,
            ),
            side.AlignPostProj(
                lambda s: s[n_E:],
                comm=linear(chosen[n_E:].astype(np.float32), inhibit),
                syn=side.Expon.desc(n, tau=10 * ms),
                out=out_I(side),
                post=neurons,
            ),
        ]
        net = brainstate.nn.Module()
        net.neurons, net.parts = neurons, parts
        brainstate.nn.init_all_states(net)

        def step(i):
            with brainstate.environ.context(i=i, t=i * DT * ms):
                fired = neurons.get_spike()
                for part in parts:
                    part(fired)
                return neurons(20.0 * uA)

        with brainstate.environ.context(dt=DT * ms):
            return np.asarray(brainstate.transform.for_loop(step, jnp.arange(800)))

    ours, theirs = (spikes(side) for side in SIDES.values())
    print(
        ours[:, :n_E].mean() / DT * 1000, ours[:, n_E:].mean() / DT * 1000, (ours != theirs).sum()
    )
    np.testing.assert_array_equal(ours, theirs)
    assert 2 < ours.mean() / (DT * 1e-3) < 80
