"""The lab of a neuron that a user wrote, with a slider for each of its numbers."""

import pytest

from engine import Experiment, catalog
from explorer import links
from tests import own
from tests.explorer.test_neuron_lab import Lab, differs, moved, rows

pytestmark = pytest.mark.usefixtures("own_classes")


@pytest.mark.parametrize("write", own.NEURONS.values(), ids=own.NEURONS)
def test_a_neuron_of_ones_own_gets_its_lab(write):
    cls = write()
    start = Experiment(cls).update({"n": 3, "duration": 200.0})
    lab = Lab(start).settle()
    assert lab.recording.problem == ""
    assert lab.recording.experiment.model is cls
    sliders = rows(lab)
    numbers = [n for n in cls.parameters() if n in start.specs]
    assert numbers
    for name in numbers:
        before = lab.picture
        lab.send("set", name, value=moved(lab, sliders[name]))
        assert lab.rail.errors == {}, name
        assert differs(lab.picture, before), name
        lab.send("reset", name)


def test_a_link_finds_the_neuron_by_its_name():
    cls = own.leaking()
    home = Experiment(catalog.neuron("LIF"))
    experiment = Experiment(cls).set("tau", 20.0)
    link = links.from_query(links.to_query(experiment, home), home)
    assert link.complaints == ()
    assert link.experiment == experiment
    assert "Leaking" in catalog.neurons()
