"""Output stages: from a conductance to a current, and for how long a conductance is bound."""

import inspect

import brainstate
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import saiunit as u

from engine import COBA, CUBA, LIF, BindCondData, MgBlock, ParameterError, SynOut, catalog
from engine.integrators import INTEGRATORS

OUTPUTS = catalog.outputs()
EACH = pytest.mark.parametrize("cls", OUTPUTS.values(), ids=OUTPUTS.keys())
mV, mS = u.mV, u.mS


def current(stage, g, V=None):
    stage.bind_cond(g)
    return stage(V)


# ---------------------------------------------------------------- the current


def test_a_conductance_drives_towards_the_reversal_potential():
    stage = COBA(E=-70 * mV)
    currents = current(stage, 2 * mS, np.array([-80.0, -70.0, -50.0]) * mV)
    np.testing.assert_allclose(currents.to_decimal(u.uA), [20.0, 0.0, -40.0])


def test_a_constant_driving_force_makes_milliamperes_of_millisiemens():
    assert current(CUBA(), 0.5 * mS) == 0.5 * u.mA
    assert current(CUBA(), 0.5 * mS, -60 * mV) == 0.5 * u.mA
    assert u.math.allclose(current(CUBA(scale=u.mV), 500 * mS), 0.5 * u.mA)
    assert current(CUBA(scale=2.0), 0.5 * u.mA) == 1.0 * u.mA


@pytest.mark.parametrize("V", [-80.0, -60.0, -40.0, -20.0, 20.0, 40.0])
@pytest.mark.parametrize("Mg", [0.5, 1.0, 2.0])
def test_magnesium_blocks_as_jahr_and_stevens_say(V, Mg):
    unblocked = 1 / (1 + np.exp(-0.062 * V) * Mg / 3.57)
    out = current(MgBlock(cc_Mg=Mg * u.mM), 1.0 * mS, V * mV)
    assert float(out.to_decimal(u.uA)) == pytest.approx(-V * unblocked, rel=1e-5)


def test_the_block_has_its_published_size_at_rest_and_its_half_where_magnesium_says():
    # 1 mM: 4.4 % of the channels conduct at -60 mV, 96 % at +30 mV
    for V, fraction in ((-60.0, 0.0797), (30.0, 0.9582)):
        out = current(MgBlock(cc_Mg=1.0 * u.mM), 1.0 * mS, V * mV)
        assert float(out.to_decimal(u.uA)) / -V == pytest.approx(fraction, abs=1e-3)
    half = MgBlock(E=100 * mV, cc_Mg=3.57, V_offset=-20.0 * mV)
    assert float(current(half, 1.0 * mS, -20 * mV).to_decimal(u.uA)) == pytest.approx(60.0)
    assert u.math.allclose(current(MgBlock(cc_Mg=0.0), 1 * mS, -60 * mV), 60 * u.uA)


def test_the_current_of_nmda_falls_with_depolarization_and_then_rises():
    V = np.linspace(-90, -5, 200)
    out = current(MgBlock(), 1.0 * mS, V * mV).to_decimal(u.uA)
    assert -40 < V[np.argmax(out)] < -15, "the region of negative slope is below the peak"


def test_other_units_of_conductance_and_potential_give_the_same_current():
    one, other = (
        current(MgBlock(), *at) for at in ((1 * mS, -50 * mV), (1000 * u.uS, -0.05 * u.volt))
    )
    assert u.math.allclose(one, other)


# ---------------------------------------------------------------- arguments


@EACH
def test_a_stage_is_built_from_its_declaration_in_the_order_of_the_field(cls):
    assert list(inspect.signature(cls).parameters) == list(cls.parameters())
    stage = cls()
    for name, spec in cls.parameters().items():
        assert u.math.allclose(getattr(stage, name), spec.default), name
        low, high = spec.soft
        assert low <= spec.default_number <= high
    assert issubclass(cls, SynOut)
    assert issubclass(cls, BindCondData)
    assert isinstance(stage, brainstate.nn.Module)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"E": -70.0}, {"E": -70.0 * mV}),
        ({"E": -70}, {"E": -70.0 * mV}),
        ({"E": np.float32(-70)}, {"E": -70.0 * mV}),
        ({"E": [-70.0, 0.0]}, {"E": np.array([-70.0, 0.0]) * mV}),
        ({"E": -0.07 * u.volt}, {"E": -70.0 * mV}),
        ({"cc_Mg": 2.0, "beta": 3.0}, {"cc_Mg": 2.0 * u.mM, "beta": 3.0 * u.mM}),
        ({"alpha": 0.1}, {"alpha": 0.1 / mV}),
        ({"V_offset": jnp.float32(5.0)}, {"V_offset": 5.0 * mV}),
    ],
)
def test_a_plain_number_is_in_the_declared_unit(given, meant):
    V = np.array([-60.0, -20.0]) * mV
    one, other = (current(MgBlock(**values), 1.0 * mS, V) for values in (given, meant))
    assert u.math.allclose(one, other)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: COBA(E=1 * u.mA), r"COBA.E must be a potential, got 1 mA"),
        (lambda: COBA(E=True), r"COBA.E must be a potential, got True"),
        (lambda: COBA(E=None), r"COBA.E must be a potential, got None"),
        (lambda: COBA(E="high"), r"COBA.E must be a potential, got 'high'"),
        (lambda: COBA(E=lambda shape: 0.0), r"COBA.E must be a potential, got a function"),
        (lambda: MgBlock(V_offse=0 * mV), r"no parameter 'V_offse' in MgBlock; did you mean 'V_of"),
        (lambda: MgBlock(cc_Mg=-1.0), r"MgBlock.cc_Mg must be at least 0 mM, got -1 mM"),
        (lambda: MgBlock(beta=0.0), r"MgBlock.beta must be above 0 mM, got 0 mM"),
        (lambda: CUBA(scale=np.nan), r"CUBA.scale must be a finite number"),
    ],
)
def test_what_is_no_value_is_refused_by_its_name(make, words):
    with pytest.raises(ParameterError, match=words):
        make()


@pytest.mark.parametrize("cls", [COBA, MgBlock])
def test_a_potential_is_needed_and_must_be_one(cls):
    with pytest.raises(ParameterError, match=f"{cls.__name__} needs the membrane potential"):
        current(cls(), 1 * mS)
    with pytest.raises(ParameterError, match="must be a potential, got mA"):
        current(cls(), 1 * mS, 1 * u.mA)


def test_the_base_does_not_say_what_its_current_is():
    with pytest.raises(NotImplementedError, match="SynOut does not define update"):
        current(SynOut(), 1 * mS, 0 * mV)


# ---------------------------------------------------------------- the bound conductance


@EACH
def test_an_unbound_stage_says_what_to_do(cls):
    stage = cls()
    words = f"{cls.__name__} has no conductance in this step: run the projection .* bind_cond"
    with pytest.raises(ParameterError, match=words):
        stage(-60 * mV)
    stage.bind_cond(1 * mS)
    stage(-60 * mV)
    stage.unbind_cond()
    with pytest.raises(ValueError, match=words):
        stage(-60 * mV)


@EACH
def test_a_conductance_bound_by_hand_stays_until_it_is_let_go(cls):
    stage = cls()
    stage.bind_cond(1 * mS)
    first = stage(-60 * mV)
    slopes = jax.jacfwd(lambda V: u.get_mantissa(stage(V * mV)))(-60.0)
    assert np.isfinite(slopes)
    assert u.math.allclose(stage(-60 * mV), first)
    stage.bind_cond(2 * mS)
    assert u.math.allclose(stage(-60 * mV), 2 * first)


def driven(stage, g=None):
    neuron = LIF(2, V_rest=-60 * mV, V_initializer=-60 * mV, V_th=-50 * mV, V_reset=-60 * mV)
    neuron.init_state()
    neuron.add_current_input("synapse", stage)
    if g is not None:
        stage.bind_cond(g)
    return neuron


@EACH
def test_a_step_of_the_neuron_uses_the_conductance_up(cls, clock):
    stage = cls()
    neuron = driven(stage, 1 * mS)
    neuron()
    assert neuron.V.value.to_decimal(mV).max() > -60
    with pytest.raises(ValueError, match=rf"'synapse' of LIF .* {cls.__name__} has no conductance"):
        neuron()
    stage.bind_cond(1 * mS)
    neuron()


@pytest.mark.parametrize("integrator", INTEGRATORS)
def test_every_integrator_reads_the_conductance_as_often_as_it_needs(integrator, clock):
    stage = COBA(E=0 * mV)
    neuron = driven(stage)
    neuron.integrator = integrator
    g, tau = 0.2, 5.0  # R g is 0.2, so that the potential tends to -60 / 1.2 mV

    def step(i):
        stage.bind_cond(g * u.siemens)
        neuron()
        return neuron.V.value.to_decimal(mV)

    V = brainstate.transform.for_loop(step, jnp.arange(20))
    t = 0.1 * np.arange(1, 21)
    expected = -50 - 10 * np.exp(-t * (1 + g) / tau)
    rough = {"euler": 5e-2, "heun": 1e-3}.get(integrator, 1e-4)
    np.testing.assert_allclose(V[:, 0], expected, atol=rough)


def test_no_traced_conductance_is_left_behind_by_a_compiled_run(clock):
    stage = COBA(E=0 * mV)
    neuron = driven(stage)

    def step(g):
        stage.bind_cond(g * mS)
        return neuron()

    brainstate.transform.for_loop(step, jnp.ones((5, 2)))
    with pytest.raises(ValueError, match="has no conductance in this step"):
        neuron()


def test_new_states_forget_the_conductance():
    stage = COBA()
    driven(stage, 1 * mS).reset_state()
    with pytest.raises(ParameterError, match="no conductance"):
        stage(0 * mV)


def test_a_gradient_passes_to_conductance_potential_and_parameters():
    def total(g, V, E, Mg):
        out = current(MgBlock(E=E * mV, cc_Mg=Mg * u.mM), g * mS, V * mV)
        return out.to_decimal(u.uA)

    slopes = jax.grad(total, (0, 1, 2, 3))(1.0, -50.0, 3.0, 1.0)
    assert all(np.isfinite(s) and s != 0 for s in slopes)
