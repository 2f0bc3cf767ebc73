"""Programs that users of the field's libraries write: they must run here as they stand."""

import brainstate
import braintools
import jax.numpy as jnp
import numpy as np
import pytest
import saiunit as u

from engine import (
    ALIF,
    AMPA,
    COBA,
    CUBA,
    LIF,
    Expon,
    GABAa,
    Neuron,
    ParameterError,
    Synapse,
    surrogates,
)


class _SimpleNeuron(Neuron):
    """The smallest neuron that a user writes: it adds up voltages and never resets."""

    def __init__(self, in_size, V_th=1.0 * u.mV, **kwargs):
        super().__init__(in_size, **kwargs)
        self.V_th = V_th

    def init_state(self, batch_size=None, **kwargs):
        zero = braintools.init.Constant(0.0 * u.mV)
        self.V = brainstate.HiddenState(braintools.init.param(zero, self.varshape, batch_size))

    def reset_state(self, batch_size=None, **kwargs):
        zero = braintools.init.Constant(0.0 * u.mV)
        self.V.value = braintools.init.param(zero, self.varshape, batch_size)

    def get_spike(self, V=None):
        V = self.V.value if V is None else V
        return self.spk_fun((V - self.V_th) / self.V_th)

    def update(self, x):
        self.V.value += x
        return self.get_spike()


class _SimpleSynapse(Synapse):
    """The smallest synapse that a user writes: it decays, and jumps by what comes."""

    def __init__(self, in_size, tau=5.0 * u.ms, **kwargs):
        super().__init__(in_size, **kwargs)
        self.tau = braintools.init.param(tau, self.varshape)

    def init_state(self, batch_size=None, **kwargs):
        zero = braintools.init.Constant(0.0 * u.mS)
        self.g = brainstate.HiddenState(braintools.init.param(zero, self.varshape, batch_size))

    def update(self, x=None):
        self.g.value = brainstate.nn.exp_euler_step(lambda g: -g / self.tau, self.g.value)
        if x is not None:
            self.g.value += x
        return self.g.value


def test_a_users_own_neuron():
    neuron = _SimpleNeuron(10, V_th=1 * u.mV, spk_reset="hard", name="mine")
    neuron.init_state(batch_size=2)
    x = 0.6 * u.mV * jnp.ones((2, 10))
    spikes = [neuron(x) for _ in range(3)]
    assert [s.shape for s in spikes] == [(2, 10)] * 3
    assert [float(s.min()) for s in spikes] == [float(s.max()) for s in spikes] == [0.0, 1.0, 1.0]
    assert (neuron.spk_reset, neuron.name) == ("hard", "mine")
    neuron.reset_state(batch_size=2)
    assert u.math.allclose(neuron.V.value, 0 * u.mV)


def test_a_users_own_synapse(clock):
    synapse = _SimpleSynapse(10, tau=10 * u.ms)
    synapse.init_state(batch_size=3)
    first = synapse(1 * u.mS * jnp.ones((3, 10)))
    second = synapse()
    assert second.shape == (3, 10)
    assert first.to_decimal(u.mS) == pytest.approx(1.0)
    assert second.to_decimal(u.mS) == pytest.approx(np.exp(-0.1 / 10), rel=1e-6)


def test_a_batch_of_lif_neurons_under_a_constant_current():
    lif = LIF(
        in_size=100,
        tau=10 * u.ms,
        V_th=1 * u.mV,
        spk_fun=braintools.surrogate.ReluGrad(),
        spk_reset="soft",
    )
    lif.init_state(batch_size=32)

    def step(i):
        with brainstate.environ.context(i=i, t=i * 0.1 * u.ms):
            return lif(jnp.ones((32, 100)) * 2.0 * u.mA)

    with brainstate.environ.context(dt=0.1 * u.ms):
        spikes = brainstate.transform.for_loop(step, jnp.arange(100))
    assert spikes.shape == (100, 32, 100)
    assert (spikes[69] == 1).all()
    assert not spikes[:69].any()


@pytest.mark.parametrize("kind", [float, bool])
def test_a_batch_of_exponential_synapses_under_random_spikes(kind, clock):
    synapse = Expon(in_size=100, tau=8 * u.ms)
    synapse.init_state(batch_size=32)
    spikes = (np.random.default_rng(0).random((20, 32, 100)) < 0.1).astype(kind)

    def step(now):
        return synapse(now * 1.0 * u.mS if kind is float else now)

    g = brainstate.transform.for_loop(step, spikes)
    assert g.shape == (20, 32, 100)
    expected = np.zeros((32, 100))
    for now in spikes:
        expected = expected * np.exp(-0.1 / 8) + now
    np.testing.assert_allclose(g[-1].to_decimal(u.mS), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("sized", [True, False])
def test_a_synapse_aligned_to_its_presynaptic_neuron(sized, clock):
    n1 = LIF(10)
    synapse = n1.align_pre(Expon.desc(n1.varshape) if sized else Expon.desc())
    brainstate.nn.init_all_states(n1)

    def step(i):
        with brainstate.environ.context(i=i, t=i * clock):
            return n1(2 * u.mA), synapse.g.value

    spikes, g = brainstate.transform.for_loop(step, jnp.arange(100))
    assert spikes.sum() > 0
    assert g.shape == (100, 10)
    assert (g[spikes[:, 0].argmax()].to_decimal(u.mS) == 1.0).all()


class _SpikingNet(brainstate.nn.Module):
    def __init__(self):
        super().__init__()
        self.input_layer = LIF(784, tau=5 * u.ms)
        self.fc1 = brainstate.nn.Linear(784, 256)
        self.hidden = ALIF(256, tau=10 * u.ms, tau_a=200 * u.ms)
        self.fc2 = brainstate.nn.Linear(256, 10)
        self.output = LIF(10, tau=8 * u.ms)

    def update(self, x):
        spikes = self.input_layer(x)
        spikes = self.hidden(100 * self.fc1(spikes))
        return self.output(100 * self.fc2(spikes))


@pytest.mark.parametrize("unit", [u.mA, u.UNITLESS])
def test_a_network_of_layers_takes_plain_spike_vectors_as_its_input_unit(unit, clock):
    with brainstate.random.seed_context(0):
        net = _SpikingNet()
    brainstate.nn.init_all_states(net, batch_size=4)
    x = np.float32(np.random.default_rng(0).random((4, 784)) * 4)
    x = x * u.mA if unit is u.mA else x

    def step(i):
        with brainstate.environ.context(i=i, t=i * clock):
            return net(x), net.hidden.V.value, net.output.V.value

    out, hidden, last = brainstate.transform.for_loop(step, jnp.arange(200))
    assert out.shape == (200, 4, 10)
    assert set(np.unique(out)) == {0.0, 1.0}
    assert u.get_dim(last) == u.mV.dim
    assert np.isfinite(hidden.to_decimal(u.mV)).all()


class _SynapticNet(brainstate.nn.Module):
    """Layers with a synapse between each two: of conductances, or of plain numbers."""

    def __init__(self, start, stage=None):
        super().__init__()
        zero = braintools.init.Constant(start)
        self.input_layer = LIF(784, tau=5 * u.ms)
        self.fc1, self.syn1 = brainstate.nn.Linear(784, 256), Expon(256, g_initializer=zero)
        self.hidden1 = LIF(256, tau=10 * u.ms)
        self.fc2, self.syn2 = brainstate.nn.Linear(256, 128), AMPA(128, g_initializer=zero)
        self.hidden2 = LIF(128, tau=10 * u.ms)
        self.fc3, self.output = brainstate.nn.Linear(128, 10), LIF(10, tau=10 * u.ms)
        self.stage = stage

    def current(self, g, gain):
        if self.stage is None:
            return gain * g
        self.stage.bind_cond(gain * g)
        return self.stage()

    def update(self, x):
        g = self.syn1(self.fc1(self.input_layer(x)))
        spikes = self.hidden1(self.current(g, 10))
        g = self.syn2(self.fc2(spikes))
        return self.output(100 * self.fc3(self.hidden2(self.current(g, 10))))


@pytest.mark.parametrize("kind", ["plain", "conductances", "conductances and a stage"])
def test_a_network_of_layers_with_synapses_between_them(kind, clock):
    start = 0.0 if kind == "plain" else 0.0 * u.mS
    with brainstate.random.seed_context(0):
        net = _SynapticNet(start, CUBA() if "stage" in kind else None)
    brainstate.nn.init_all_states(net, batch_size=4)
    x = np.float32(np.random.default_rng(0).random((4, 784)) * 4) * u.mA

    def step(i):
        return net(x), net.hidden1.V.value, net.hidden2.get_spike()

    if kind == "conductances":
        with pytest.raises(ParameterError, match=r"a current, got one in mS; put an output stage"):
            step(0)
        return
    # AMPA finds its way without the time: nobody has told it
    out, _, hidden = brainstate.transform.for_loop(step, jnp.arange(300))
    assert out.shape == (300, 4, 10)
    assert hidden.any()


class _Network(brainstate.nn.Module):
    """Excitatory and inhibitory neurons, each with both receptors on the side of the sender."""

    def __init__(self):
        super().__init__()
        at_rest = {"V_rest": -60 * u.mV, "V_reset": -60 * u.mV, "V_th": -50 * u.mV}
        at_rest |= {"V_initializer": braintools.init.Constant(-60.0 * u.mV), "tau": 20 * u.ms}
        self.E, self.I = LIF(800, **at_rest), LIF(200, **at_rest)
        self.ampa, self.gaba = AMPA(800), GABAa(200)
        Linear = brainstate.nn.Linear
        scale = {"w_init": braintools.init.Constant(4.0), "b_init": None}
        self.EE, self.EI = Linear(800, 800, **scale), Linear(800, 200, **scale)
        self.IE, self.II = Linear(200, 800, **scale), Linear(200, 200, **scale)
        reversal = {"EE": 0.0, "EI": 0.0, "IE": -80.0, "II": -80.0}
        self.stages = {name: COBA(E=E) for name, E in reversal.items()}
        for name, stage in self.stages.items():
            getattr(self, name[1]).add_current_input(name, stage)

    def update(self, external):
        for name, stage in self.stages.items():
            g = (self.ampa if name[0] == "E" else self.gaba).g.value
            stage.bind_cond(getattr(self, name)(g))
        e, i = self.E(external), self.I(external)
        self.ampa(e)
        self.gaba(i)
        return e, i


def test_a_recurrent_network_of_excitation_and_inhibition():
    net = _Network()
    brainstate.nn.init_all_states(net)

    def step(i):
        with brainstate.environ.context(i=i, t=i * 0.25 * u.ms):
            return net(20 * u.mA)

    with brainstate.environ.context(dt=0.25 * u.ms):
        e, i = brainstate.transform.for_loop(step, jnp.arange(2000))
    assert (e.shape, i.shape) == ((2000, 800), (2000, 200))
    assert e.sum() > 800
    assert i.sum() > 200


def test_a_layer_in_the_wrong_dimension_is_still_refused(clock):
    lif = LIF(10)
    lif.init_state()
    with pytest.raises(ParameterError, match="the input of LIF must be a current, got one in mV"):
        lif(jnp.ones(10) * u.mV)


def test_a_network_learns_through_its_spikes(clock):
    with brainstate.random.seed_context(1):
        net = _SpikingNet()
    x = np.float32(np.random.default_rng(0).random((4, 784)) * 4)

    def loss():
        brainstate.nn.init_all_states(net, batch_size=4)

        def step(i):
            with brainstate.environ.context(i=i, t=i * clock):
                return net(x)

        return brainstate.transform.for_loop(step, jnp.arange(100)).sum()

    found = brainstate.transform.grad(loss, net.states(brainstate.ParamState))()
    for leaf in (u.get_mantissa(g["weight"]) for g in found.values()):
        assert np.isfinite(leaf).all()
        assert np.abs(leaf).max() > 0


@pytest.mark.parametrize(
    "name", ["ReluGrad", "SigmoidGrad", "GaussianGrad", "ATan", "InvSquareGrad"]
)
def test_the_names_of_tutorials_for_surrogate_gradients(name, clock):
    lif = LIF(3, spk_fun=getattr(surrogates, name)())
    lif.init_state()
    assert lif(60 * u.mA).tolist() == [1.0, 1.0, 1.0]


def test_the_aliases_are_the_surrogates_that_they_name():
    assert surrogates.SigmoidGrad is surrogates.Sigmoid
    assert surrogates.ATan is surrogates.Arctan
