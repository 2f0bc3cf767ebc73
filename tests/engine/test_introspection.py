"""A model written without a word about itself: its lab comes all the same."""

import inspect

import brainstate
import jax.numpy as jnp
import numpy as np
import pytest
import saiunit as u

import engine
from engine import Experiment, Neuron, ParameterError, catalog, introspection, simulate
from engine.specs import NON_NEGATIVE, POSITIVE
from tests import own

ms, mV = u.ms, u.mV
pytestmark = pytest.mark.usefixtures("own_classes")
SMALL = {"n": 4, "duration": 60 * ms, "stimulus": "Constant"}


def recorded(recording):
    return {**recording.traces, "spikes": recording.spike_steps}


def differ(one, other):
    a, b = recorded(one), recorded(other)
    return any(a[k].shape != b[k].shape or (a[k] != b[k]).any() for k in a)


@pytest.mark.parametrize("write", own.NEURONS.values(), ids=own.NEURONS)
def test_every_derived_number_moves_the_result_and_never_compiles(write, compilations):
    cls = write()
    first = simulate(cls, **SMALL)
    assert first.problem == ""
    assert first.spike_count > 0
    start = Experiment(cls).update({"n": 4, "duration": 60.0, "stimulus": "Constant"})
    names = [n for n in cls.parameters() if n in start.specs]
    assert names
    for name in names:
        low, high = start.specs[name].soft
        value = next(v for v in (low + 0.7 * (high - low), high) if v != start[name])
        with compilations() as compiled:
            other = simulate(start.set(name, value))
        assert compiled == [], name
        assert differ(first, other), name


def test_what_a_signature_says_becomes_declarations():
    cls = own.leaking()
    assert cls.parameters() == {}  # nothing is derived when a class is made
    introspection.complete(cls)
    given = cls.parameters()
    assert list(given) == ["tau", "tau_ref", "V_th", "V_rest", "R", "gain"]  # no array, no text
    assert given["tau"].soft == (2.0, 50.0)
    assert (given["tau"].hard, given["tau"].scale) == (POSITIVE, "log")
    assert given["tau"].time_constant
    assert not given["tau_ref"].time_constant
    assert given["tau"].meaning == "how fast it forgets"
    assert given["tau"].symbol == r"\tau"
    assert given["tau_ref"].symbol == r"\tau_{\mathrm{ref}}"
    assert given["tau_ref"].hard == NON_NEGATIVE
    assert given["tau_ref"].soft[0] == 0 < given["tau_ref"].soft[1]
    assert given["V_th"].soft == (-80.0, -20.0)  # two times the 15 mV between the potentials
    assert given["R"].unit_text == "ohm"
    assert [(n, s.is_time_stamp) for n, s in cls.states().items()] == [("V", False), ("last", True)]
    assert cls.input.unit_text == "mA"
    assert cls.choices()["spk_reset"].has_effect


def test_an_amplitude_is_found_at_which_the_neuron_fires():
    cls = own.leaking()
    amplitude = Experiment(cls).model.input.default.to_decimal(u.mA)
    # 15 mV through 2 ohm
    assert 7.5 < amplitude < 12
    rheobase = {"noise": None, "n": 1, "duration": 400 * ms, "stimulus": "Constant"}
    assert simulate(cls, **rheobase).spike_count > 1
    weak = simulate(cls, stimulus__amplitude=0.6 * amplitude * u.mA, **rheobase)
    assert weak.spike_count == 0


@pytest.mark.parametrize(
    ("write", "unit", "potential", "threshold"),
    [
        (own.adding, "mV", "V", True),
        (own.leaking, "mA", "V", True),
        (own.plain, "", "h", True),
        (own.partly, "uA", "V", True),
        (own.tuned, "mA", "V", True),
        (own.noisy, "", "V", False),
    ],
)
def test_input_potential_and_threshold_are_found(write, unit, potential, threshold):
    cls = Experiment(write()).model
    assert cls.input.unit_text == unit
    assert (cls.potential, cls.has_threshold) == (potential, threshold)
    recording = simulate(cls, **SMALL)
    assert ("threshold" in recording.traces) == threshold
    assert recording.n_steps == 600
    if cls.__name__ == "Plain":
        assert (recording.traces["threshold"] == 1.0).all()
        assert simulate(cls, theta=0.5, **SMALL).traces["threshold"][0, 0] == 0.5


def test_a_run_is_that_of_the_users_own_loop():
    cls = own.leaking()
    recording = simulate(cls, n=1, duration=60 * ms, noise=None, stimulus="Constant", tau=7 * ms)
    drive = cls.input.default
    model = cls(1, tau=7 * ms)
    model.init_state()

    def step(i):
        with brainstate.environ.context(i=i, t=i * 0.1 * ms):
            return model(drive), model.V.value

    with brainstate.environ.context(dt=0.1 * ms):
        spikes, V = brainstate.transform.for_loop(step, jnp.arange(600))
    assert spikes.sum() > 1
    np.testing.assert_array_equal(np.flatnonzero(np.asarray(spikes)), recording.spike_steps)
    np.testing.assert_allclose(recording.traces["V"][:, 0], V.to_decimal(mV)[:, 0], rtol=1e-5)


def test_what_a_class_declares_itself_is_kept():
    cls = Experiment(own.partly()).model
    assert cls.parameters()["tau"].symbol == r"\tau_{\mathrm{mine}}"
    assert cls.states()["V"].meaning == "potential"
    assert list(cls.parameters()) == ["tau", "V_th", "C"]


def test_a_subclass_of_a_model_of_ours_keeps_its_declarations_with_its_own_defaults():
    cls = Experiment(own.tuned()).model
    assert cls.parameters()["tau"].default_number == 20.0
    assert cls.parameters()["tau"].meaning == engine.LIF.tau.meaning
    assert {"R", "V_th", "V_reset", "gain"} <= set(cls.parameters())
    assert simulate(cls, gain=0.0, noise=None, **SMALL).spike_count == 0
    assert engine.LIF.parameters()["tau"].default_number == 5.0


def test_a_choice_that_changes_nothing_is_not_offered():
    assert not Experiment(own.adding()).model.choices()["spk_reset"].has_effect
    assert "spk_reset" not in Experiment(own.plain()).model.choices()  # not even taken


def test_randomness_of_its_own_follows_the_seed_and_leaves_the_general_one_alone():
    cls = own.noisy()
    brainstate.random.seed(7)
    expected = np.asarray(brainstate.random.rand(3))
    brainstate.random.seed(7)
    first, again = simulate(cls, **SMALL), simulate(cls, **SMALL)
    assert not differ(first, again)
    assert differ(first, simulate(cls, seed=1, noise=None, **SMALL))
    assert len(np.unique(first.spike_neurons)) > 1
    np.testing.assert_array_equal(brainstate.random.rand(3), expected)


# -- the catalogue ---------------------------------------------------------------------------------


def test_own_models_are_in_the_catalogue_and_travel_by_name():
    cls, synapse = own.leaking(), own.decaying()
    assert catalog.neurons()["Leaking"] is cls
    assert catalog.synapses()["Decaying"] is synapse
    assert catalog.why_not(cls) == ""
    assert catalog.summary(cls) == "A neuron of one's own."
    experiment = Experiment(cls).set("tau", 20 * ms).set("spk_reset", "hard")
    assert Experiment.from_json(experiment.to_json()) == experiment
    assert Experiment(engine.LIF).set("model", "Leaking").model is cls


def test_a_synapse_is_described_by_its_signature_too():
    cls = own.decaying()
    introspection.complete(cls)
    assert cls.parameters()["tau"].soft == (1.0, 25.0)
    assert cls.states()["g"].unit_text == "mS"


def test_of_two_classes_with_one_name_the_newer_counts():
    old = own.adding()
    assert catalog.neuron("Adding") is old
    new = own.adding()
    assert catalog.neuron("Adding") is new
    deeper = type("Adding", (own.tuned(),), {"__doc__": "Another one."})
    assert catalog.neuron("Adding") is deeper
    newest = own.adding()  # higher up in the tree, but younger
    assert catalog.neuron("Adding") is newest
    assert old.__name__ == "Adding"
    assert simulate(old, **SMALL).spike_count > 0  # the old one lives on


def test_to_list_the_catalogue_tries_out_no_model_of_ours_and_each_other_once(monkeypatch):
    own.leaking()
    tried = []
    real = introspection._try_out
    monkeypatch.setattr(
        introspection, "_try_out", lambda cls, trial: (tried.append(cls.__name__), real(cls, trial))
    )
    catalog.neurons()
    catalog.neurons()
    assert tried == ["Leaking"]


def wrong(**parts):
    """A neuron with something wrong about it."""

    def __init__(self, in_size, **kw):
        Neuron.__init__(self, in_size, **kw)

    def init_state(self, batch_size=None, **kw):
        self.V = brainstate.HiddenState(jnp.zeros(self.varshape) * mV)

    def update(self, x):
        self.V.value += x
        return self.spk_fun(self.V.value / mV)

    return type("Wrong", (Neuron,), {**locals(), **parts} | {"__module__": __name__})


def needs_more(self, in_size, size_of_soma, **kw):
    pass


def fails(*args, **kw):
    raise KeyError("my own slip")


def scalar_state(self, **kw):
    self.V = brainstate.HiddenState(jnp.zeros(()) * mV)


def no_state(self, **kw):
    pass


def another_model(self, **kw):
    self.V = brainstate.HiddenState(jnp.zeros(self.varshape) * mV)
    self.synapse = engine.Expon(self.varshape)
    self.synapse.init_state()


def one_number(self, x):
    self.V.value += x
    return self.V.value.sum() / mV


def returns_nothing(self, x):
    self.V.value += x


def no_input(self):
    return self.V.value / mV


def enlarges(self, x):
    self.V.value = u.math.stack([self.V.value + x] * 2)
    return self.V.value[0] / mV


PROBLEMS = {
    "Wrong cannot be built from in_size alone: size_of_soma has no default": (
        {"__init__": needs_more}
    ),
    "Wrong.__init__() fails: KeyError: 'my own slip'": {"__init__": lambda self, in_size: fails()},
    "Wrong.init_state() fails: KeyError: 'my own slip'": {"init_state": fails},
    "Wrong.update() fails: KeyError: 'my own slip'": {"update": lambda self, x: fails()},
    "the state V of Wrong has shape () in a population of 7": {"init_state": scalar_state},
    "Wrong has no state: init_state() must create one": {"init_state": no_state},
    "Wrong holds synapse.g, the state of another model": {"init_state": another_model},
    "Wrong.update() must return one spike for each neuron, shape (7,), got shape ()": (
        {"update": one_number}
    ),
    "Wrong.update() must return one spike for each neuron, shape (7,), got nothing": (
        {"update": returns_nothing}
    ),
    "Wrong.update() takes no input; give it one, update(self, x)": {"update": no_input},
    "a step of Wrong turns the shape of its state V from (7,) into (2, 7)": {"update": enlarges},
}


@pytest.mark.parametrize("sentence", PROBLEMS)
def test_a_class_that_cannot_be_simulated_is_left_out_and_says_why(sentence):
    cls = wrong(**PROBLEMS[sentence])
    assert catalog.why_not(cls).startswith(sentence)
    assert "Wrong" not in catalog.neurons()
    with pytest.raises(ParameterError, match="Wrong") as caught:
        Experiment(cls)
    assert str(caught.value) == catalog.why_not(cls)


def test_a_class_without_a_step_says_so_and_bases_are_no_models():
    class Idle(Neuron):
        def __init__(self, in_size):
            super().__init__(in_size)

    assert catalog.why_not(Idle) == "Idle does not say how it takes a step: it has no update()"
    assert "base" in catalog.why_not(engine.PointNeuron)
    assert catalog.why_not(engine.LIF) == ""
    assert "private" in catalog.why_not(type("_Mine", (Neuron,), {}))


def test_a_neuron_that_nothing_makes_fire_says_so():
    def update(self, x):
        self.V.value += x
        return jnp.zeros(self.varshape)

    experiment = Experiment(wrong(update=update))
    assert "no constant one up to" in experiment.model.input.meaning
    assert simulate(experiment, **SMALL).spike_count == 0


def test_a_number_that_a_compiled_program_cannot_take_is_no_slider():
    def __init__(self, in_size, order=2, V_th=1.0 * mV, **kw):
        Neuron.__init__(self, in_size, **kw)
        self.powers, self.V_th = [float(k) for k in range(order)], V_th

    cls = Experiment(wrong(__init__=__init__)).model
    assert list(cls.parameters()) == ["V_th"]
    assert "order" in inspect.signature(cls).parameters


def test_a_threshold_may_be_called_threshold():
    def __init__(self, in_size, threshold=1.0 * mV, **kw):
        Neuron.__init__(self, in_size, **kw)
        self.threshold = threshold

    def update(self, x):
        self.V.value = self.V.value * (self.V.value < self.threshold) + x
        return self.spk_fun((self.V.value - self.threshold) / mV)

    cls = wrong(__init__=__init__, update=update)
    recording = simulate(cls, threshold=2 * mV, **SMALL)
    assert (recording.traces["threshold"] == 2.0).all()
