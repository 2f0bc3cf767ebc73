"""A network whose parts change keeps what was said about all others."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import (
    COBA,
    CUBA,
    STP,
    Expon,
    NetworkCell,
    NetworkExperiment,
    NetworkProjection,
    ParameterError,
    Population,
    ReceptorSite,
    populations,
    simulate,
)
from engine.background import Background
from engine.base_experiment import read
from engine.connectivity import FixedInDegree, FromMatrix


def network():
    """Two populations and two projections, every kind of value given."""
    cells = Population(NetworkCell, background=Background)
    matrix = FromMatrix(np.eye(30, 20) * 1.5)
    links = {
        "EE": NetworkProjection("E", "E", "exc"),
        "EI": NetworkProjection("E", "I", "exc", matrix=matrix),
    }
    given = {"E.n": 30, "I.n": 20, "E.tau": 17.0, "I.tau": 11.0, "EE.weight": 3.0, "EI.delay": 2.0}
    given |= {"E.exc.tau": 4.0, "I.inh.output": "CUBA", "EI.connectivity.autapses": "yes"}
    given |= {"E.spk_reset": "soft", "I.background.rate": 500.0, "dt": 0.05, "duration": 20.0}
    given |= {"EE.weight.spread": 0.3, "EI.delay.spread": 0.2, "EE.plasticity": "STP"}
    given |= {"EE.plasticity.tau_f": 300.0}
    start = NetworkExperiment({"E": cells, "I": cells}, links)
    return replace(start.update(given), watched=(3, 32))


def of(experiment, name):
    """Return all that is said about a part, by its paths without the name."""
    return {p: experiment[p] for p in experiment if p == name or p.startswith(f"{name}.")}


def moved(numbers, old, new):
    return {new + path[len(old) :]: value for path, value in numbers.items()}


def test_a_new_part_leaves_all_others_as_they_were():
    before = network()
    after = before.with_population("X", Population(populations.neurons()["HH"]))
    after = after.with_projection("EX", NetworkProjection("E", "X", "exc", FixedInDegree))
    for name in ("E", "I", "EE", "EI"):
        assert of(after, name) == of(before, name)
    assert (after["dt"], after["duration"], after.watched) == (0.05, 20.0, (3, 32))
    assert after["X"] == "HH"
    assert after["EX.connectivity"] == "FixedInDegree"
    assert after.without_population("X") == before
    assert list(after.ranges) == ["E", "I", "X"]


def test_what_is_left_out_takes_its_projections_along():
    before = network()
    after = before.without_population("I")
    assert list(after.populations) == ["E"]
    assert list(after.projections) == ["EE"]
    assert of(after, "E") == of(before, "E")
    assert after.watched == (3,)
    first_out = before.without_population("E")
    assert (first_out.watched, dict(first_out.projections)) == ((2,), {})
    assert before.without_projection("EE")["EI.delay"] == 2.0
    assert "EE" not in before.without_projection("EE").projections


def test_numbers_choices_and_projections_follow_a_name():
    before = network()
    after = before.renamed("E", "excitatory").renamed("EE", "loop")
    assert of(after, "excitatory") == moved(of(before, "E"), "E", "excitatory")
    assert of(after, "loop") == moved(of(before, "EE"), "EE", "loop")
    loop = NetworkProjection("excitatory", "excitatory", "exc", plasticity=STP)
    assert after.projections["loop"] == loop
    assert after.projections["EI"] == replace(before.projections["EI"], source="excitatory")
    assert list(after.populations) == ["excitatory", "I"]
    assert after.watched == before.watched
    assert after.renamed("excitatory", "E").renamed("loop", "EE") == before
    assert before.renamed("E", "E") is before


def test_a_copy_has_the_numbers_of_what_it_was_copied_from():
    before = network()
    after = before.copied("E", "E2").copied("EI", "EI2")
    assert of(after, "E2") == moved(of(before, "E"), "E", "E2")
    assert of(after, "EI2") == moved(of(before, "EI"), "EI", "EI2")
    assert after.projections["EI2"] == before.projections["EI"]
    assert {n for n, p in after.projections.items() if "E2" in (p.source, p.target)} == set()
    assert of(after.set("E2.tau", 5.0), "E") == of(before, "E")


def test_receptors_come_go_and_change_their_name():
    before = network()
    more = before.with_receptor("E", "slow", ReceptorSite(Expon, CUBA)).set("E.slow.tau", 80.0)
    assert [n for n, _ in more.populations["E"].receptors] == ["exc", "inh", "slow"]
    assert more["E.slow.output"] == "CUBA"
    named = more.with_receptor_renamed("E", "exc", "ampa")
    assert of(named, "E.ampa") == moved(of(before, "E.exc"), "E.exc", "E.ampa")
    assert named.projections["EE"].receptor == "ampa"
    assert named.projections["EI"].receptor == "exc"  # that of another population
    assert [n for n, _ in named.populations["E"].receptors] == ["ampa", "inh", "slow"]
    less = more.without_receptor("E", "exc")
    assert list(less.projections) == ["EI"]
    assert less["E.slow.tau"] == 80.0
    assert more.without_receptor("E", "slow") == before


def test_another_model_keeps_what_means_the_same():
    before = network()
    jumps = Population(NetworkCell, {"exc": ReceptorSite(synapse=None), "inh": ReceptorSite()})
    after = before.with_population("E", jumps)
    assert after["E.tau"] == 17.0
    assert after["EE.weight"] == after.specs["EE.weight"].default_number  # now in mV
    assert after["EI.delay"] == 2.0


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        (lambda n: n.without_population("X"), "no population 'X' in the network"),
        (lambda n: n.without_projection("EEE"), "did you mean 'EE'"),
        (lambda n: n.without_projection("EE").without_projection("EI").without_projection("EI"),
         "no projection 'EI' in the network, which has none"),
        (lambda n: n.renamed("E", "I"), "there is a population 'I' already; choose another name"),
        (lambda n: n.renamed("E", "EI"), "there is a projection 'EI' already"),
        (lambda n: n.renamed("E", "dt"), "'dt' cannot be a name"),
        (lambda n: n.renamed("E", ""), "'' cannot be a name"),
        (lambda n: n.copied("E", "E.2"), "cannot be a name in a network"),
        (lambda n: n.copied("X", "Y"), "no population or projection 'X'"),
        (lambda n: n.with_receptor("E", "tau"), "E.tau is a parameter already"),
        (lambda n: n.with_receptor_renamed("E", "exc", "inh"), "there is a receptor 'inh' already"),
        (lambda n: n.without_receptor("E", "ecx"), "no receptor 'ecx' in E; did you mean 'exc'"),
        (lambda n: n.without_receptor("E", "exc").without_receptor("E", "inh"),
         "E must have at least one receptor"),
        (lambda n: n.without_population("E").without_population("I"), "at least one population"),
        (lambda n: n.with_population("E", Population(receptors={"inh": ReceptorSite()})),
         "EE: no receptor 'exc' in E"),
        (lambda n: n.with_projection("XX", NetworkProjection("X", "E", "exc")), "no population"),
        (lambda n: n.with_population("EE", Population()), "both a population and a projection"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said_in_a_sentence(edit, text):
    with pytest.raises(ParameterError, match=text):
        edit(network())


NAMES = ("E", "I", "X", "EE", "EI", "E_2", "dt", "tau", "a.b", "n")
MODELS = ("NetworkCell", "HH", "Izhikevich", "ALIF")


def an_edit(data, experiment):
    """Draw an edit; return the network after it, and the names of the parts that it touches."""
    kind = data.draw(st.integers(0, 8))
    name, other = (data.draw(st.sampled_from(NAMES)) for _ in range(2))
    known = sorted({*experiment.populations, *experiment.projections})
    part = data.draw(st.sampled_from(known))
    receptor, second = (data.draw(st.sampled_from(("exc", "inh", "slow", "a"))) for _ in range(2))
    site = ReceptorSite(
        data.draw(st.sampled_from((Expon, None))), data.draw(st.sampled_from((COBA, CUBA)))
    )
    onto = {p for p, link in experiment.projections.items() if name in (link.source, link.target)}
    match kind:
        case 0:
            model = populations.neurons()[data.draw(st.sampled_from(MODELS))]
            new = Population(model, {"exc": site, receptor: ReceptorSite()})
            return experiment.with_population(name, new), {name} | onto
        case 1:
            return experiment.without_population(name), {name} | onto
        case 2:
            link = NetworkProjection(other, part, receptor)
            return experiment.with_projection(name, link), {name}
        case 3:
            return experiment.without_projection(name), {name}
        case 4:
            return experiment.renamed(part, name), {part, name}
        case 5:
            return experiment.copied(part, name), {name}
        case 6:
            return experiment.with_receptor(name, receptor, site), {name} | onto
        case 7:
            return experiment.without_receptor(name, receptor), {name} | onto
    return experiment.with_receptor_renamed(name, receptor, second), {name}


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_edits_leave_a_network_that_can_be_written_and_whose_other_parts_stay(data):
    experiment = network()
    for _ in range(data.draw(st.integers(1, 8))):
        try:
            after, touched = an_edit(data, experiment)
        except ParameterError:
            continue  # names that are taken or unknown; the sentences have a test above
        for name in {*experiment.populations, *experiment.projections} - touched:
            assert of(after, name) == of(experiment, name), name
        assert after["dt"] == 0.05
        assert all(0 <= i < after.n for i in after.watched)
        for path, value in after.values.items():
            after.specs[path].check(value, path)
        again = read(after.to_json())
        assert again.differences() == after.differences()
        assert dict(again.projections) == dict(after.projections)
        for name, population in after.populations.items():
            assert again.populations[name].places() == population.places()
        assert again.watched == after.watched
        experiment = after


def test_an_edited_network_runs():
    small = network().copied("I", "J").with_projection("JE", NetworkProjection("J", "E", "inh"))
    recording = simulate(small.renamed("E", "P").without_receptor("I", "inh"))
    assert recording.problem == ""
    assert recording.experiment.n == 70
