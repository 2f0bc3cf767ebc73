"""What a network is made of: populations with receptors, background and start; projections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, ClassVar

import jax
import saiunit as u

from engine import boundary, catalog, inputs, starts
from engine.background import Background
from engine.base_experiment import NOTHING, choice_of
from engine.connectivity import Connectivity, FixedProbability, FromMatrix
from engine.connectivity import catalogue as rules
from engine.dynamics import AlignPost, Neuron, Synapse
from engine.errors import ParameterError
from engine.neurons.base import Values
from engine.neurons.binary import BinaryCell
from engine.neurons.lif import LIFRef
from engine.specs import (
    NON_NEGATIVE,
    ChoiceSpec,
    Component,
    InputSpec,
    Interval,
    ParameterSpec,
)
from engine.synapses import Expon, ShortTermPlasticity
from engine.synouts import COBA, CUBA, SynOut

__all__ = [
    "JumpingCell",
    "NetworkCell",
    "NetworkProjection",
    "Population",
    "ReceptorSite",
    "neurons",
]

BELOW = 1e-3
"""How far below the threshold a refractory potential stays, as a part of its way from the reset."""


class NetworkCell(LIFRef):
    r"""Leaky integrate-and-fire cell of a network, with the numbers of a cortical neuron.

    .. math::
        \tau \frac{dV}{dt} = -(V - V_{rest}) + R I
        \quad\text{unless}\quad t - t_{spike} < \tau_{ref}

    `LIFRef` with other defaults: currents in pA, conductances in nS, a membrane of 100 MΩ.

    References
    ----------
    R. Brette and others (2007). Simulation of networks of spiking neurons: a review of tools and
    strategies. Journal of Computational Neuroscience 23, 349-398. doi:10.1007/s10827-007-0038-6
    """

    is_listed: ClassVar[bool] = False
    R = LIFRef.R.but(default=100.0 * u.Mohm, soft=(10.0, 500.0), unit_text="")
    tau = LIFRef.tau.but(default=20.0 * u.ms)
    V_th = LIFRef.V_th.but(default=-50.0 * u.mV, soft=(-60.0, -30.0))
    V_reset = LIFRef.V_reset.but(default=-60.0 * u.mV, soft=(-80.0, -50.0))
    V_rest = LIFRef.V_rest.but(default=-60.0 * u.mV, soft=(-80.0, -45.0))
    V_initializer = LIFRef.V_initializer.but(default=-60.0 * u.mV, soft=(-80.0, -50.0))
    spk_reset = LIFRef.spk_reset.but(default="hard")
    input: ClassVar[InputSpec] = InputSpec(250.0 * u.pA, soft=(0.0, 500.0))


class JumpingCell(NetworkCell):
    r"""Network cell that goes on to take jumps while refractory: only its leak and current rest.

    .. math::
        \tau \frac{dV}{dt} = -(V - V_{rest}) + R I
        \quad\text{unless}\quad t - t_{spike} < \tau_{ref}

    Inhibition that comes in the period is felt after it, and ends a volley that a cell which
    forgets it would prolong. Up to the end of the period the potential stays below the threshold.

    References
    ----------
    M. Stimberg, R. Brette and D. F. M. Goodman (2019). Brian 2, an intuitive and efficient neural
    simulator. eLife 8, e47314. doi:10.7554/eLife.47314
    """

    def advance(self, held: Values, x: Any) -> Values:
        """Integrate the potential unless refractory, and add the delta inputs."""
        quiet = self.is_refractory()
        V = self.integrate(lambda V: self.drift(V, x), held["V"])
        V = self.sum_delta_inputs(u.math.where(quiet, held["V"], V))
        highest = self.V_th - BELOW * (self.V_th - self.V_reset)
        return held | {"V": u.math.where(quiet, u.math.minimum(V, highest), V)}

    def hold(self, held: Values, new: Values) -> Values:
        """Keep what was integrated, and note the time of a new spike."""
        quiet = self.is_refractory()
        spiking = new["V"] >= self.threshold_of(new)
        stamp = u.math.where(spiking, self.t, self.last_spike_time.value)
        self.last_spike_time.value = jax.lax.stop_gradient(stamp)
        if self.ref_var:
            self.refractory.value = quiet | spiking
        return new


class Size(Component):
    """How many neurons a population has."""

    n = ParameterSpec(
        100.0,
        "N",
        "number of neurons of the population",
        soft=(1.0, 5000.0),
        hard=Interval(1.0, 1_000_000.0),
        scale="log",
        integer=True,
        structural=True,
    )


@dataclass(frozen=True)
class ReceptorSite:
    """Where spikes arrive: a synapse whose arrivals add up, and its way into the neuron.

    All projections onto a receptor share one state per neuron. Without a synapse a spike jumps the
    membrane potential at once.
    """

    synapse: type[Synapse] | None = Expon
    output: type[SynOut] = COBA

    def unit(self, model: type[Neuron]) -> u.Unit:
        """Return the unit of a weight: of a potential, a current, or a conductance."""
        return _unit_at(model, self)


@dataclass(frozen=True)
class Population:
    """Neurons of one model, with the places that make them part of a network.

    Parameters
    ----------
    model : type
        A neuron of the catalogue, a `NetworkCell`, `JumpingCell` or `BinaryCell`.
    receptors : mapping of str to ReceptorSite
        By name; the background arrives at the first.
    stimulus, background, start : type
        A stimulus without noise; `Background` or None; a `Start`, by default one that suits.
    """

    model: type[Neuron] = NetworkCell
    receptors: Any = field(default_factory=lambda: {"exc": ReceptorSite(), "inh": ReceptorSite()})
    stimulus: type[inputs.Stimulus] = inputs.Constant
    background: type[Background] | None = None
    start: type[starts.Start] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "receptors", tuple(dict(self.receptors).items()))
        if self.start is None or not self.start.suits(self.model):
            object.__setattr__(self, "start", starts.suiting(self.model))

    def places(self) -> dict[str, type[Component] | None]:
        """Return the component of every place, by its path within the population."""
        found: dict[str, Any] = {"": self.model, "stimulus": self.stimulus}
        found |= {"background": self.background, "start": self.start}
        for name, receptor in self.receptors:
            found[name] = receptor.synapse
            if receptor.synapse is not None:
                found[f"{name}.output"] = receptor.output
        return found

    def choices(self) -> dict[str, ChoiceSpec]:
        """Return the choice of every place, by its path within the population."""
        fits = {n: c for n, c in starts.catalogue().items() if c.suits(self.model)}
        steady = {n: c for n, c in inputs.catalogue().items() if not (c.stochastic or c.drawn)}
        found = {
            "": choice_of(neurons(), "NetworkCell", "neuron model", label="model"),
            "stimulus": choice_of(steady, "Constant", "shape of the input to all neurons"),
            "background": choice_of(
                {"Background": Background}, NOTHING, "random spikes from outside", may_be_empty=True
            ),
            "start": choice_of(
                fits, starts.suiting(self.model).__name__, "potentials at the start"
            ),
        }
        for name, receptor in self.receptors:
            meaning = f"how spikes act at the receptor {name}: through a synapse, or as a jump"
            found[name] = choice_of(
                _synapses(), "Expon", meaning, label="synapse", may_be_empty=True
            )
            if receptor.synapse is not None:
                meaning = f"how the receptor {name} drives the neuron"
                outputs = choice_of(catalog.outputs(), "COBA", meaning, label="output")
                found[f"{name}.output"] = outputs
        return found

    def having(self, place: str, name: str) -> Population:
        """Return the population with another component at a place."""
        if place in ("stimulus", "background", "start", ""):
            options = {
                "": neurons,
                "stimulus": inputs.catalogue,
                "background": lambda: {"Background": Background, NOTHING: None},
                "start": starts.catalogue,
            }
            return replace(self, **{place or "model": options[place]()[name]})
        receptors = dict(self.receptors)
        at, _, output = place.partition(".")
        change = {"output": catalog.outputs()[name]} if output else {}
        change = change or {"synapse": None if name == NOTHING else _synapses()[name]}
        receptors[at] = replace(receptors[at], **change)
        return replace(self, receptors=receptors)


@dataclass(frozen=True)
class NetworkProjection:
    """The connections from one population onto a receptor of another.

    Parameters
    ----------
    source, target, receptor : str
        Names of two populations, and of a receptor of the second.
    connectivity : type or FromMatrix
        A rule of `engine.connectivity`, or a matrix that says who connects to whom and how
        strongly.
    plasticity : type, optional
        `STP` or `STD`: what a spike gives depends on the spikes of its neuron before.
    matrix : FromMatrix, optional
        A matrix that can be chosen, whatever the rule is now.
    """

    source: str
    target: str
    receptor: str
    connectivity: Any = FixedProbability
    plasticity: type[ShortTermPlasticity] | None = None
    matrix: FromMatrix | None = None

    def __post_init__(self) -> None:
        if isinstance(self.connectivity, FromMatrix):
            object.__setattr__(self, "matrix", self.connectivity)
            object.__setattr__(self, "connectivity", FromMatrix)

    def places(self) -> dict[str, type[Component] | None]:
        """Return the component of every place, by its path within the projection."""
        return {"connectivity": self.connectivity, "plasticity": self.plasticity}

    def choices(self) -> dict[str, ChoiceSpec]:
        """Return the choice of every place, by its path within the projection."""
        return {
            "connectivity": choice_of(
                self._rules(), "FixedProbability", "who connects to whom", label="connectivity"
            ),
            "plasticity": choice_of(
                _short_term(),
                NOTHING,
                "short-term plasticity: how earlier spikes change what a spike gives",
                label="short-term",
                may_be_empty=True,
            ),
        }

    def having(self, place: str, name: str) -> NetworkProjection:
        """Return the projection with another component at a place."""
        kinds: Mapping[str, Any] = {
            "connectivity": self._rules(),
            "plasticity": {NOTHING: None, **_short_term()},
        }[place]
        return replace(self, **{place: kinds[name]})

    def _rules(self) -> dict[str, type[Connectivity]]:
        given = {} if self.matrix is None else {FromMatrix.__name__: FromMatrix}
        return {**rules(), **given}


def delay_spec() -> ParameterSpec:
    """Declare the delay of a projection."""
    return _Travel.delay


class _Travel(Component):
    delay = ParameterSpec(
        0.1 * u.ms,
        "d",
        "delay of a projection: from a spike to its arrival, in whole time steps",
        soft=(0.1, 10.0),
        hard=NON_NEGATIVE,
        between="connections",
    )


@cache
def weight_spec(model: type[Neuron], receptor: ReceptorSite) -> ParameterSpec:
    """Declare how much a spike gives to a receptor, in the unit that the receptor takes."""
    unit, current = receptor.unit(model), float(u.get_mantissa(_input(model).default))
    usual = 0.5 if receptor.synapse is None else 0.05 * current
    if receptor.synapse is not None and receptor.output is not CUBA:
        usual /= 20.0  # of a driving force of tens of mV
    spec = ParameterSpec(
        boundary.attach(usual, unit),
        "w",
        "weight: how much a spike adds at its target; below zero it takes away",
        soft=(-20.0 * usual, 20.0 * usual),
        unit_text=boundary.unit_text(unit),
        between="connections",
    )
    object.__setattr__(spec, "name", "weight")
    return spec


def neurons() -> dict[str, type[Neuron]]:
    """Return the neurons that a population may have, by name."""
    return {c.__name__: c for c in (NetworkCell, JumpingCell, BinaryCell)} | catalog.neurons()


def _synapses() -> dict[str, type[Synapse]]:
    """Return the synapses whose arrivals add up, so that one state serves a whole receptor."""
    return {n: c for n, c in catalog.synapses().items() if issubclass(c, AlignPost)}


def _short_term() -> dict[str, type[ShortTermPlasticity]]:
    """Return the models of short-term plasticity, by name."""
    return {n: c for n, c in catalog.synapses().items() if issubclass(c, ShortTermPlasticity)}


def _input(model: type[Neuron]) -> InputSpec:
    assert model.input is not None  # the catalogue holds none that does not say
    return model.input


@cache
def _unit_at(model: type[Neuron], receptor: ReceptorSite) -> u.Unit:
    potential, current = model.states()["V"].unit, _input(model).unit
    if receptor.synapse is None:
        return potential
    return current if receptor.output is CUBA else _unit_of_ratio(current, potential)


def _unit_of_ratio(a: u.Unit, b: u.Unit) -> u.Unit:
    """Return a / b as one of the units that have a name, such as nS for pA / mV."""
    if b.is_unitless:
        return a
    magnitude, dimension = a.magnitude / b.magnitude, (a / b).dim
    for known in boundary.UNITS.values():
        if known.dim == dimension and abs(known.magnitude / magnitude - 1.0) < 1e-9:
            return known
    raise ParameterError("weight", f"there is no unit for the weight of a conductance in {a} / {b}")
