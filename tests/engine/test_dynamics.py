"""The hierarchy's contract: inputs, composition, states, time, and its errors."""

import brainstate
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import saiunit as u
from hypothesis import given
from hypothesis import strategies as st

from engine import ALIF, LIF, AlignPost, BindCondData, Dynamics, Expon, LIFRef, Neuron, Synapse
from engine.errors import ParameterError

mA, mV, mS, ms = u.mA, u.mV, u.mS, u.ms
SUMS = pytest.mark.parametrize("kind", ["current", "delta"])


def add(model, kind, *args, **kwargs):
    getattr(model, f"add_{kind}_input")(*args, **kwargs)


def total(model, kind, *args, **kwargs):
    return getattr(model, f"sum_{kind}_inputs")(*args, **kwargs)


def ready(model, batch=None):
    model.init_state(batch)
    return model


# ---------------------------------------------------------------- input registries


def test_there_is_no_registry_before_the_first_input():
    neuron = LIF(1)
    assert neuron.current_inputs is None
    assert neuron.delta_inputs is None
    neuron.add_current_input("a", 1 * mA)
    assert list(neuron.current_inputs) == ["a"]
    assert neuron.delta_inputs is None


@SUMS
def test_a_sum_without_inputs_is_its_start(kind):
    assert total(LIF(1), kind, 2 * mA) == 2 * mA


@SUMS
def test_plain_inputs_are_added_once_and_callables_stay(kind):
    neuron = LIF(1)
    add(neuron, kind, "once", 1.0)
    add(neuron, kind, "always", lambda V: 10.0 * V)
    assert total(neuron, kind, 100.0, 2.0) == 121.0
    assert total(neuron, kind, 100.0, 2.0) == 120.0


@SUMS
def test_a_sum_can_leave_the_inputs_where_they_are(kind):
    neuron = LIF(1)
    add(neuron, kind, "a", 1.0)
    assert total(neuron, kind, 0.0, pop=False) == 1.0
    assert total(neuron, kind, 0.0) == 1.0
    assert total(neuron, kind, 0.0) == 0.0


@SUMS
def test_callables_get_the_arguments_of_the_sum(kind):
    neuron = LIF(1)
    add(neuron, kind, "f", lambda V, *, scale: scale * V)
    assert total(neuron, kind, 0.0, 3.0, scale=2.0) == 6.0


@SUMS
def test_labels_are_compared_as_a_whole(kind):
    neuron = LIF(1)
    add(neuron, kind, "a", 1.0, label="ex")
    add(neuron, kind, "a", 10.0, label="ex2")
    add(neuron, kind, "ex // b", 100.0)
    assert total(neuron, kind, 0.0, label="ex") == 1.0
    assert total(neuron, kind, 0.0, label="ex2") == 10.0
    assert total(neuron, kind, 0.0, label="e") == 0.0
    assert total(neuron, kind, 0.0) == 100.0


@SUMS
def test_a_sum_without_label_takes_every_group(kind):
    neuron = LIF(1)
    add(neuron, kind, "a", 1.0, label="ex")
    add(neuron, kind, "a", 10.0, label="in")
    add(neuron, kind, "a", 100.0)
    assert total(neuron, kind, 0.0) == 111.0


def test_a_labelled_input_is_stored_under_both_names():
    neuron = LIF(1)
    neuron.add_current_input("a", 1 * mA, label="ex")
    assert list(neuron.current_inputs) == ["ex // a"]


@SUMS
def test_a_key_names_one_input_only(kind):
    neuron = LIF(1)
    add(neuron, kind, "a", 1.0)
    with pytest.raises(ValueError, match=f"LIF has a {kind} input 'a' already; use another key"):
        add(neuron, kind, "a", 2.0)
    assert total(neuron, kind, 0.0) == 1.0


@SUMS
def test_the_same_object_twice_is_one_input(kind):
    neuron, value = LIF(1), np.ones(1)
    add(neuron, kind, "a", value)
    add(neuron, kind, "a", value)
    assert total(neuron, kind, 0.0) == 1.0


@SUMS
def test_the_same_key_may_stand_in_two_groups_and_in_both_registries(kind):
    neuron = LIF(1)
    add(neuron, kind, "a", 1.0)
    add(neuron, kind, "a", 2.0, label="ex")
    add(neuron, "delta" if kind == "current" else "current", "a", 4.0)
    assert total(neuron, kind, 0.0) == 3.0


def test_an_input_is_found_by_key_and_label_current_inputs_first():
    neuron = LIF(1)
    neuron.add_delta_input("a", 1.0)
    neuron.add_current_input("a", 2.0)
    neuron.add_current_input("a", 3.0, label="ex")
    neuron.add_delta_input("b", 4.0)
    assert [neuron.get_input("a"), neuron.get_input("a", "ex"), neuron.get_input("b")] == [2, 3, 4]


@pytest.mark.parametrize(("key", "label", "shown"), [("b", None, "b"), ("a", "in", "in // a")])
def test_an_input_that_is_not_there_is_named(key, label, shown):
    neuron = LIF(1)
    neuron.add_current_input("a", 1.0, label="ex")
    with pytest.raises(ValueError, match=f"LIF has no input '{shown}'"):
        neuron.get_input(key, label)


@SUMS
def test_an_input_that_cannot_be_added_is_named(kind):
    neuron = LIF(1)
    add(neuron, kind, "bad", 1 * mV)
    with pytest.raises(ValueError, match=f"the {kind} input 'bad' of LIF cannot be added: "):
        total(neuron, kind, 1 * mA)


def test_an_input_that_fails_when_called_is_named():
    neuron = LIF(1)
    neuron.add_current_input("bad", lambda V: 1 / 0, label="ex")
    with pytest.raises(ValueError, match="current input 'ex // bad' of LIF cannot be added: divis"):
        neuron.sum_current_inputs(0 * mA, 0 * mV)


@pytest.mark.parametrize("renew", ["init_state", "reset_state"])
def test_pending_inputs_are_forgotten_when_the_states_are_renewed(renew):
    neuron = ready(LIF(1))
    neuron.add_delta_input("left over", 1 * mV)
    neuron.add_current_input("left over", 1 * mA)
    neuron.add_current_input("stays", lambda V: 0 * mA)
    getattr(neuron, renew)()
    assert list(neuron.current_inputs) == ["stays"]
    assert not neuron.delta_inputs


def test_a_tracer_left_from_an_aborted_trace_does_not_reach_the_next_run(clock):
    neuron = ready(LIF(1))

    def aborted(x):
        neuron.add_delta_input("a", x * mV)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        jax.jit(aborted)(1.0)
    neuron.reset_state()
    neuron(1 * mA)
    assert np.isfinite(neuron.V.value.to_decimal(mV))


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([None, "x", "xx"])), max_size=8))
def test_a_group_holds_what_was_put_into_it(entries):
    neuron, expected = LIF(1), {}
    for i, (key, label) in enumerate(dict.fromkeys(entries)):
        neuron.add_current_input(key, float(2**i), label)
        expected[label] = expected.get(label, 0.0) + 2.0**i
    for label in ("x", "xx"):
        assert neuron.sum_current_inputs(0.0, label=label, pop=False) == expected.get(label, 0.0)
    assert neuron.sum_current_inputs(0.0) == sum(expected.values())


def test_inputs_drive_the_step_and_are_used_up_by_it(clock):
    by_argument, by_registry = ready(LIF(2)), ready(LIF(2))
    by_argument(0.7 * mA)
    by_registry.add_current_input("a", 0.3 * mA)
    by_registry.add_current_input("b", lambda V: 0.4 * mA + 0 * V / u.ohm)
    by_registry()
    assert u.math.allclose(by_argument.V.value, by_registry.V.value)
    by_registry.add_current_input("a", 0.3 * mA)


def test_a_delta_input_jumps_the_potential_after_the_integration(clock):
    neuron = ready(LIF(1))
    neuron.add_delta_input("a", 0.5 * mV)
    neuron()
    assert neuron.V.value.to_decimal(mV) == pytest.approx([0.5])
    neuron()
    assert neuron.V.value.to_decimal(mV) == pytest.approx([0.5 * np.exp(-0.1 / 5)], rel=1e-6)


def test_a_conductance_input_is_linearised_with_the_potential(clock):
    # tau dV/dt = -V + R g (E - V) is solved exactly over a step of any length
    neuron = ready(LIF(1))
    neuron.add_current_input("g", lambda V: 3 * mS * 1e3 * (0.5 * mV - V))
    with brainstate.environ.context(dt=2.5 * ms):
        neuron()
    expected = 0.5 * 3 / 4 * (1 - np.exp(-2.5 / 5 * 4))
    assert neuron.V.value.to_decimal(mV) == pytest.approx([expected], rel=1e-5)


# ---------------------------------------------------------------- what update takes


@pytest.mark.parametrize("batch", [None, 4])
@pytest.mark.parametrize("x", [0.5, 0.5 * mA, 500 * u.uA, np.full(3, 0.5), None])
def test_a_plain_number_is_in_the_input_unit_and_nothing_is_zero(x, batch, clock):
    neuron = ready(LIF(3), batch)
    spikes = neuron() if x is None else neuron(x)
    expected = 0.0 if x is None else 0.5 * (1 - np.exp(-0.1 / 5))
    assert spikes.shape == ((3,) if batch is None else (4, 3))
    assert np.allclose(neuron.V.value.to_decimal(mV), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("model", "x", "sentence"),
    [
        (LIF(3), 1 * mV, "the input of LIF must be a current, got one in mV"),
        (
            LIF(3),
            1 * mS,
            "the input of LIF must be a current, got one in mS; put an output stage (CUBA or COBA) "
            "between the synapse and the neuron",
        ),
        (LIF(3), np.ones(2) * mA, "the input of LIF has shape (2,), its state has shape (3,)"),
        (LIF(1), np.ones(7) * mA, "the input of LIF has shape (7,), its state has shape (1,)"),
        (
            LIF(3),
            np.ones((4, 3)) * mA,
            "the input of LIF has shape (4, 3), its state has shape (3,); for a batch call "
            "init_state(4)",
        ),
        (Expon(3), 1 * mA, "the input of Expon must be a conductance, got one in mA"),
        (Expon(1), np.ones(7), "the input of Expon has shape (7,), its state has shape (1,)"),
    ],
)
def test_an_input_that_does_not_fit_is_refused(model, x, sentence, clock):
    ready(model)
    with pytest.raises(ParameterError) as error:
        model(x)
    assert str(error.value) == sentence


@pytest.mark.parametrize("kind", ["current", "delta"])
def test_a_registered_input_must_not_enlarge_a_state(kind, clock):
    neuron = ready(LIF(1))
    value = np.ones(7) * (mA if kind == "current" else mV)
    add(neuron, kind, "big", value)
    with pytest.raises(ParameterError, match=r"turn its state V from \(1,\) into \(7,\)"):
        neuron()
    assert neuron.V.value.shape == (1,)


def test_an_enlarging_arrival_is_refused_by_a_synapse(clock):
    synapse = ready(Expon(1))
    synapse.add_delta_input("big", np.ones(7) * mS)
    with pytest.raises(ParameterError, match=r"turn its state g from \(1,\) into \(7,\)"):
        synapse()


# ---------------------------------------------------------------- time and states


@pytest.mark.parametrize("model", [LIF(1), LIFRef(1), ALIF(1), Expon(1)])
def test_without_states_the_error_says_what_to_call(model, clock):
    with pytest.raises(AttributeError, match=r"has no state '\w+' yet: call init_state\(\) first"):
        model()
    with pytest.raises(AttributeError, match=r"has no state '\w+' yet: call init_state\(\) first"):
        model.reset_state()


@pytest.mark.parametrize("model", [LIF(1), Expon(1)])
def test_without_a_time_step_the_error_says_how_to_set_one(model):
    name = type(model).__name__
    with pytest.raises(ParameterError) as error:
        ready(model)()
    assert str(error.value) == (
        f"{name} has no time step: run it inside brainstate.environ.context(dt=0.1 * u.ms), "
        "or use engine.simulate()"
    )


def test_a_time_step_without_unit_is_refused():
    with (
        brainstate.environ.context(dt=0.1),
        pytest.raises(ParameterError, match=r"dt must be a time, .* write 0.1 \* u.ms"),
    ):
        ready(LIF(1))()


def test_without_the_time_the_error_says_how_to_set_it(clock):
    with pytest.raises(ParameterError, match=r"LIFRef needs to know the time: .*context\(i=i, t="):
        ready(LIFRef(1))()


def test_the_time_follows_from_the_step_where_it_is_not_given(clock):
    a, b = ready(LIFRef(1)), ready(LIFRef(1))
    for i in range(20):
        with brainstate.environ.context(i=i):
            a(10 * mA)
        with brainstate.environ.context(t=i * clock):
            b(10 * mA)
    assert u.math.allclose(a.last_spike_time.value, b.last_spike_time.value)
    assert a.last_spike_time.value > 0 * ms


@pytest.mark.parametrize("cls", [LIF, LIFRef, ALIF])
def test_a_reset_keeps_the_batch_and_undoes_the_run(cls, clock):
    neuron = ready(cls(3), 4)
    start = {n: getattr(neuron, n).value for n in cls.states()}
    for i in range(25):
        with brainstate.environ.context(i=i, t=i * clock):
            neuron(20 * mA)
    assert not u.math.allclose(neuron.V.value, start["V"])
    neuron.reset_state()
    for name, value in start.items():
        found = getattr(neuron, name).value
        assert found.shape == (4, 3)
        assert u.math.allclose(found, value)


def test_a_reset_can_take_another_batch():
    neuron = ready(LIF(3), 4)
    neuron.reset_state(5)
    assert neuron.V.value.shape == (5, 3)


def test_time_stamps_are_short_term_states_and_the_rest_hidden_ones():
    neuron = ready(LIFRef(2))
    assert isinstance(neuron.V, brainstate.HiddenState)
    assert type(neuron.last_spike_time) is brainstate.ShortTermState
    assert u.math.allclose(neuron.last_spike_time.value, -1e7 * ms)


# ---------------------------------------------------------------- the threshold and its reset


@pytest.mark.parametrize(("mode", "expected"), [("soft", 1.3), ("hard", -0.5)])
def test_the_reset_takes_place_at_the_next_step(mode, expected, clock):
    neuron = LIF(1, V_reset=-0.5 * mV, spk_reset=mode, tau=1e6 * ms, V_initializer=2.8 * mV)
    ready(neuron)
    neuron.tau = 1e9 * ms
    assert neuron.get_spike() == 1.0
    neuron()
    assert neuron.V.value.to_decimal(mV) == pytest.approx([expected], abs=1e-5)


@pytest.mark.parametrize("V", [1.0, 1.5])
def test_a_potential_at_or_above_the_threshold_is_a_spike(V):
    assert ready(LIF(1)).get_spike(V * mV) == 1.0
    assert ready(LIF(1)).get_spike(0.999 * mV) == 0.0


def test_a_negative_threshold_does_not_turn_the_condition_round():
    neuron = ready(LIF(1, V_th=-50 * mV, V_reset=-60 * mV, V_rest=-65 * mV))
    assert neuron.get_spike(-49 * mV) == 1.0
    assert neuron.get_spike(-51 * mV) == 0.0


# ---------------------------------------------------------------- composition


def test_an_instance_runs_after_the_neuron_on_its_spikes(clock):
    neuron, synapse = ready(LIF(2)), ready(Expon(2))
    assert neuron.align_pre(synapse) is synapse
    assert neuron.align_pre(synapse) is synapse
    neuron.V.value = np.array([0.0, 5.0]) * mV
    neuron.V.value = np.array([0.0, 7.0]) * mV
    spikes = neuron(0 * mA)
    assert spikes.tolist() == [0.0, 1.0]
    assert synapse.g.value.to_decimal(mS).tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    "describe",
    [
        lambda n: Expon.desc(),
        lambda n: Expon.desc(n.varshape),
        lambda n: Expon.desc(in_size=n.varshape),
        lambda n: Expon.desc(tau=3 * ms),
    ],
)
def test_a_description_is_built_in_the_size_of_the_neuron(describe):
    neuron = LIF((2, 3))
    synapse = neuron.align_pre(describe(neuron))
    assert isinstance(synapse, Expon)
    assert synapse.varshape == (2, 3)
    assert neuron.align_pre(describe(neuron)) is synapse


LONG = np.arange(5000.0) + 1


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (Expon.desc(), Expon.desc(), True),
        (Expon.desc(tau=3 * ms), Expon.desc(tau=3 * ms), True),
        (Expon.desc(tau=3 * ms), Expon.desc(tau=4 * ms), False),
        (Expon.desc(tau=3 * ms), Expon.desc(), False),
        (Expon.desc(tau=LONG * ms), Expon.desc(tau=LONG.copy() * ms), True),
        (Expon.desc(tau=LONG * ms), Expon.desc(tau=np.where(LONG == 2501, 7, LONG) * ms), False),
        (Expon.desc(5000, None, 5 * ms), Expon.desc(5000, None, 5 * ms), True),
        (Expon.desc(name="a"), Expon.desc(name="b"), False),
    ],
)
def test_equal_descriptions_are_one_synapse_and_others_are_not(first, second, same):
    neuron = LIF(5000)
    assert (neuron.align_pre(first) is neuron.align_pre(second)) == same


def test_two_descriptions_and_an_instance_run_in_a_compiled_loop(clock):
    neuron = LIF(2)
    fast, slow = neuron.align_pre(Expon.desc(tau=1 * ms)), neuron.align_pre(Expon.desc(tau=9 * ms))
    third = neuron.align_pre(Expon(2, tau=4 * ms))
    brainstate.nn.init_all_states(neuron)

    def step(i):
        with brainstate.environ.context(i=i, t=i * clock):
            return neuron(2 * mA), fast.g.value, slow.g.value, third.g.value

    spikes, g_fast, g_slow, g_third = brainstate.transform.for_loop(step, jnp.arange(100))
    assert spikes.sum() == 2 * 2
    for g, tau in ((g_fast, 1.0), (g_slow, 9.0), (g_third, 4.0)):
        expected = np.zeros(100)
        for k in range(100):
            expected[k] = (expected[k - 1] if k else 0.0) * np.exp(-0.1 / tau) + spikes[k, 0]
        assert np.allclose(g.to_decimal(mS)[:, 0], expected, rtol=1e-4)

    again = brainstate.transform.jit(lambda: step(100))()
    assert again[1].to_decimal(mS)[0] < again[2].to_decimal(mS)[0]


def test_after_updates_run_in_the_order_of_registration(clock):
    ran = []

    class _Probe(Synapse):
        def update(self, x):
            ran.append(self.name)
            return x

    neuron = ready(LIF(2))
    for name in ("z", "a", "m", "b"):
        neuron.align_pre(_Probe(2, name=name))
    neuron(0 * mA)
    assert ran == ["z", "a", "m", "b"]


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        (5, "takes a Dynamics or a description of one such as Expon.desc(), got int"),
        (Expon, "takes a Dynamics or a description of one such as Expon.desc(), got "),
        (None, "got NoneType"),
        (
            brainstate.nn.Linear.desc(2, 3),
            "got a description of Linear, which is not a Dynamics; describe a synapse",
        ),
    ],
)
def test_only_dynamics_and_descriptions_can_be_aligned(given_, words):
    with pytest.raises(TypeError) as error:
        LIF(1).align_pre(given_)
    assert str(error.value).startswith("align_pre of LIF ")
    assert words in str(error.value)


# ---------------------------------------------------------------- mixins


def test_the_mixins_build_without_arguments_and_bring_no_constructor():
    for mixin in (AlignPost, BindCondData):
        assert issubclass(mixin, brainstate.mixin.Mixin)
        assert isinstance(mixin(), mixin)
        assert "__init__" not in vars(mixin)


@pytest.mark.parametrize("args", [(), (1.0,), (np.ones(3) * mS,)])
def test_align_post_is_abstract(args):
    with pytest.raises(NotImplementedError, match=r"AlignPost does not define align_post_input"):
        AlignPost().align_post_input_add(*args)
    with pytest.raises(NotImplementedError):
        AlignPost().align_post_input_add(current=1.0, scale=2.0)


@pytest.mark.parametrize("arriving", [2 * mS, 2.0, np.full(3, 2.0) * mS, 2000 * u.uS])
def test_an_expon_takes_summed_arrivals(arriving):
    synapse = ready(Expon(3, g_initializer=1 * mS))
    assert isinstance(synapse, AlignPost)
    synapse.align_post_input_add(arriving)
    synapse.align_post_input_add(arriving)
    assert np.allclose(synapse.g.value.to_decimal(mS), 5.0)
    with pytest.raises(ParameterError, match="must be a conductance"):
        synapse.align_post_input_add(1 * mA)


def test_a_conductance_is_bound_bound_anew_and_let_go():
    a, b = BindCondData(), BindCondData()
    assert not hasattr(a, "_conductance")
    for value in (1 * mS, 0.5, None, np.arange(3.0)):
        a.bind_cond(value)
        assert a._conductance is value
    assert not hasattr(b, "_conductance")
    a.unbind_cond()
    b.unbind_cond()
    assert a._conductance is b._conductance is None


def test_both_mixins_fit_one_class():
    class _Stage(AlignPost, BindCondData):
        total = 0.0

        def align_post_input_add(self, V):
            self.total += self._conductance * (1.0 - V)
            self.unbind_cond()

    stage = _Stage()
    stage.bind_cond(2.0)
    stage.align_post_input_add(-1.0)
    assert stage.total == 4.0
    assert stage._conductance is None


def test_everything_is_a_dynamics_of_brainstate():
    for base in (Neuron, Synapse):
        assert issubclass(base, Dynamics)
        assert issubclass(base, brainstate.nn.Dynamics)
