"""Random experiments: any model, choices, numbers within their limits, spreads, watched neurons."""

from dataclasses import replace

from hypothesis import strategies as st

from engine import Experiment, catalog


def same(one, other):
    """Whether two experiments are the same in everything that matters to a run."""
    alike = (one.model, one.watched) == (other.model, other.watched)
    return alike and {p: one[p] for p in one} == {p: other[p] for p in other}


def numbers(spec):
    """Draw any number that a declaration accepts."""
    if spec.integer:
        return st.integers(int(spec.hard.low), int(spec.hard.high))
    inside = st.floats(*spec.soft)
    anything = st.floats(-1e30, 1e30, allow_nan=False).filter(spec.hard.contains)
    return inside.filter(spec.hard.contains) | anything


@st.composite
def experiments(draw):
    """Draw an experiment that a user could have made, runnable or not."""
    models = list(catalog.neurons().values())
    experiment = Experiment(draw(st.sampled_from(models)))
    for path, spec in experiment.choice_specs.items():
        if path != "model" and path in experiment.choice_specs and draw(st.booleans()):
            experiment = experiment.set(path, draw(st.sampled_from(spec.options)))
    for path in draw(st.sets(st.sampled_from(list(experiment.specs)), max_size=6)):
        experiment = experiment.set(path, draw(numbers(experiment.specs[path])))
    for path in experiment.sequence_specs:  # the points of a drawn stimulus
        if draw(st.booleans()):
            points = st.tuples(st.floats(0.0, 1e5), st.floats(-1e6, 1e6))
            experiment = experiment.set(path, draw(st.lists(points, max_size=6)))
    able = [path for path in experiment.specs if experiment.can_spread(path)]
    for path in draw(st.sets(st.sampled_from(able), max_size=3)):
        experiment = experiment.set(f"{path}.spread", draw(st.floats(0.0, 2.0)))
    if draw(st.booleans()):
        experiment = replace(experiment, watched=(draw(st.integers(0, experiment.n - 1)),))
    return experiment
