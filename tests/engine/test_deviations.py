"""Every deviation from the reference is written down, told by its class, and held by a test."""

import ast
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import brainpy.state
import brainstate
import braintools
import jax.numpy as jnp
import numpy as np
import pytest
import saiunit as u

import engine
from engine.errors import ParameterError

HERE = Path(__file__).parent
TABLE = (Path(engine.__file__).parent / "DEVIATIONS.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip().strip("|").split("|")]
    for line in TABLE.splitlines()
    if line.startswith("|")
][2:]
EACH_ROW = pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])


def classes():
    """Give every class that the engine defines, by name."""
    names = [m.name for m in pkgutil.walk_packages(engine.__path__, "engine.")]
    found = {}
    for module in map(importlib.import_module, names):
        found |= {n: c for n, c in vars(module).items() if inspect.isclass(c)}
    return found


CLASSES = classes()


def told(cls, seen=()):
    """Give the docstring of a class, and of those whose deviations it says it has."""
    doc = " ".join((vars(cls).get("__doc__") or "").split())
    others = [CLASSES[name] for name in re.findall(r"those of `(\w+)`", doc) if name in CLASSES]
    return doc + "".join(told(o, (*seen, cls)) for o in others if o not in (*seen, cls))


@EACH_ROW
def test_a_row_is_complete(row):
    assert len(row) == 5, "no cell may hold a bar"
    assert all(row)
    assert re.fullmatch(r"[a-z-]+", row[0])
    assert sum(other[0] == row[0] for other in ROWS) == 1


@EACH_ROW
def test_the_classes_of_a_row_exist_and_tell_of_it(row):
    for name in row[1].split(", "):
        assert name in CLASSES, name
        assert f"`{row[0]}`" in told(CLASSES[name]), name


@EACH_ROW
def test_the_tests_of_a_row_exist(row):
    for test in row[4].split(", "):
        file, name = test.split("::")
        tree = ast.parse((HERE / file).read_text(encoding="utf-8"))
        names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert name in names, test


def test_what_a_docstring_calls_a_deviation_stands_in_the_table():
    known = {row[0] for row in ROWS}
    for name, cls in CLASSES.items():
        doc = " ".join((vars(cls).get("__doc__") or "").split())
        for sentence in re.findall(r"\*Deviations?\* from.*?(?:\. [A-Z]|$)", doc):
            assert re.search(r"those of `", sentence) or any(f"`{k}`" in sentence for k in known), (
                name
            )


def test_every_refractory_model_points_to_what_they_share():
    for name, cls in engine.catalog.neurons().items():
        if name.endswith("Ref"):
            assert "`whole-refractory-steps`" in told(cls), name


# ---------------------------------------------------------------- where no other test holds both

SIDES = {"ours": engine, "theirs": brainpy.state}


def adaptation_over_time(side, step):
    neuron = SIDES[side].AdExIF(
        1, V_th=0 * u.mV, V_reset=-58 * u.mV, b=0 * u.mA, spk_reset="hard", tau_w=300 * u.ms
    )
    neuron.init_state()

    def one(_):
        neuron(40 * u.mA)
        return neuron.w.value.to_decimal(u.mA)[0]

    with brainstate.environ.context(dt=step * u.ms):
        return np.asarray(brainstate.transform.for_loop(one, jnp.arange(int(100 / step))))


def test_the_overshoot_is_felt_by_the_adaptation_of_the_reference_only():
    # the most that a step adds: a (V_th + 58 mV - V_rest) dt / tau_w
    most = (58 + 65) * 0.1 / 300
    assert np.diff(adaptation_over_time("ours", 0.1)).max() <= most
    theirs = np.diff(adaptation_over_time("theirs", 0.1))
    assert not theirs.max() <= 5 * most


def test_a_threshold_at_zero_is_divided_by_in_the_reference_only():
    with pytest.raises(ZeroDivisionError):
        brainpy.state.IF(1, V_th=0 * u.mV).get_spike(1 * u.mV)
    with pytest.raises(ParameterError, match=r"IF\.V_th must be any finite number but 0 mV"):
        engine.IF(1, V_th=0 * u.mV)


def test_a_plain_input_is_refused_by_the_reference_only():
    with brainstate.environ.context(dt=0.1 * u.ms):
        ours, theirs = engine.LIF(1), brainpy.state.LIF(1)
        ours.init_state()
        theirs.init_state()
        ours(np.ones(1))
        assert ours.V.value[0] > 0 * u.mV
        with pytest.raises(u.UnitMismatchError):
            theirs(np.ones(1))


def test_a_time_constant_in_millivolts_is_taken_by_the_reference_only():
    assert brainpy.state.LIF(1, tau=5 * u.mV).tau == 5 * u.mV
    with pytest.raises(ParameterError, match=r"LIF\.tau must be a time"):
        engine.LIF(1, tau=5 * u.mV)


def opened(side, arrival):
    synapse = SIDES[side].AMPA(1, g_initializer=braintools.init.Constant(0.0))
    synapse.init_state()
    with brainstate.environ.context(dt=0.1 * u.ms, t=0.0 * u.ms, i=0):
        return float(np.asarray(synapse(jnp.array([arrival])))[0])


def test_a_negative_arrival_opens_the_receptor_of_the_reference_only():
    assert opened("theirs", -0.3) == pytest.approx(opened("theirs", 1.0))
    assert opened("theirs", 1.0) > 0
    assert opened("ours", 1.0) == pytest.approx(opened("theirs", 1.0))
    assert opened("ours", -0.3) == 0


def test_magnesium_can_be_asked_in_millivolts_of_ours_only():
    ours, theirs = engine.MgBlock(), brainpy.state.MgBlock()
    for stage in (ours, theirs):
        stage.bind_cond(1.0 * u.nS)
    with pytest.raises(TypeError):
        theirs(-60.0 * u.mV)
    current = float(ours(-60.0 * u.mV).to_decimal(u.pA))
    assert current == pytest.approx(60.0 / (1 + 1.2 / 3.57 * np.exp(0.062 * 60)), rel=1e-5)


def test_an_output_stage_keeps_a_stale_conductance_in_the_reference_only():
    for side in SIDES.values():
        neuron, stage = side.LIF(1), side.CUBA()
        neuron.init_state()
        neuron.add_current_input("synapse", stage)
        stage.bind_cond(1.0 * u.mS)
        with brainstate.environ.context(dt=0.1 * u.ms):
            neuron(0.0 * u.mA)
            before = float(neuron.V.value.to_decimal(u.mV)[0])
            if side is engine:
                with pytest.raises(ValueError, match="no conductance in this step"):
                    neuron(0.0 * u.mA)
            else:
                neuron(0.0 * u.mA)
                assert float(neuron.V.value.to_decimal(u.mV)[0]) > before


def course(side, make, steps, dt):
    """Give what a source sends over time, as plain numbers, shape (time, neuron)."""

    def one(i):
        with brainstate.environ.context(i=i, t=i * dt * u.ms):
            return u.get_mantissa(source.update())

    with brainstate.random.seed_context(1), brainstate.environ.context(dt=dt * u.ms):
        source = make(SIDES[side])
        source.init_state()
        return np.asarray(brainstate.transform.for_loop(one, jnp.arange(steps)))


def test_an_ornstein_uhlenbeck_process_grows_with_the_step_in_the_reference_only():
    def make(side):
        return side.OUProcessInput(
            200, mean=0 * u.mA, sigma=1 * u.mA, tau=10 * u.ms, duration=1e5 * u.ms
        )

    in_the_long_run = np.sqrt(10 / 2)
    ours, theirs = (course(side, make, 300, dt=10.0)[50:].std() for side in SIDES)
    assert ours == pytest.approx(in_the_long_run, rel=0.03)
    assert theirs > 1.3 * in_the_long_run


def test_a_section_slips_by_a_step_in_the_reference_only():
    def make(side):
        values, durations = jnp.array([1.0, 2.0, 3.0]), [0.3 * u.ms, 0.4 * u.ms, 0.5 * u.ms]
        return side.SectionInput(1, values=values * u.mA, durations=durations)

    ours, theirs = (course(side, make, 12, dt=0.1)[:, 0] for side in SIDES)
    assert np.flatnonzero(ours == 3.0)[0] == 7
    assert np.flatnonzero(theirs == 3.0)[0] == 8


def test_a_batch_of_poisson_spikes_is_drawn_by_ours_only():
    shapes = {}
    for name, side in SIDES.items():
        with brainstate.environ.context(dt=0.1 * u.ms):
            source = side.PoissonSpike(5, freqs=100 * u.Hz)
            source.init_state(3)
            shapes[name] = source.update().shape
    assert shapes == {"ours": (3, 5), "theirs": (5,)}


def test_a_time_on_a_step_is_rounded_to_the_one_before_by_the_reference_only():
    steps = jnp.float32(6.9999995)  # 0.7 ms over 0.1 ms in single precision, as some processors say
    assert steps < 7
    with brainstate.environ.context(dt=0.1 * u.ms):
        ours, theirs = (
            side.SpikeTime(1, indices=[0], times=[0.7] * u.ms, time_as_step="floor")
            for side in SIDES.values()
        )
    assert int(ours.rounding(steps)) == 7
    assert int(theirs.rounding(steps)) == 6


def test_a_target_that_is_no_state_is_refused_in_a_sentence_by_ours_only():
    arguments = {"freq": 100 * u.Hz, "num_input": 10, "weight": 0.1 * u.mV}
    with brainstate.environ.context(dt=0.1 * u.ms):
        with pytest.raises(AssertionError):
            brainpy.state.poisson_input(target=jnp.zeros(5), **arguments)
        with pytest.raises(ParameterError, match="target"):
            engine.poisson_input(target=jnp.zeros(5), **arguments)


def test_the_readout_of_the_reference_keeps_the_decay_of_its_construction():
    left = {}
    for name, side in SIDES.items():
        with brainstate.environ.context(dt=0.1 * u.ms):
            readout = side.LeakyRateReadout(1, 1, tau=10 * u.ms, w_init=jnp.ones)
        with brainstate.environ.context(dt=10 * u.ms):
            readout.init_state(1)
            readout.update(jnp.ones((1, 1)))
            left[name] = readout.update(jnp.zeros((1, 1))).item()
    assert left["ours"] == pytest.approx(np.exp(-1), rel=1e-5)
    assert left["theirs"] == pytest.approx(np.exp(-0.01), rel=1e-5)


@pytest.mark.parametrize("module", [brainpy.state, engine], ids=["reference", "ours"])
@pytest.mark.parametrize("model", ["LIF", "LIFRef"])
def test_what_starts_above_the_threshold_is_reset_without_a_spike_in_both(module, model):
    start = braintools.init.Constant(2.0 * u.mV)
    numbers = {"V_th": 1.0 * u.mV, "V_reset": 0.0 * u.mV, "V_rest": 0.0 * u.mV}
    cell = getattr(module, model)(1, **numbers, V_initializer=start, spk_reset="hard")
    cell.init_state()
    with brainstate.environ.context(dt=0.1 * u.ms, i=0, t=0.0 * u.ms):
        spikes = cell(0.0 * u.mA)
    assert np.asarray(spikes) == 0.0
    assert np.asarray(cell.V.value.to_decimal(u.mV)) == pytest.approx(0.0, abs=1e-6)
