"""The step that all synapse models share."""

from __future__ import annotations

from typing import Any, ClassVar

import brainstate
import saiunit as u

from engine import boundary
from engine.dynamics import Synapse, require_same_shape
from engine.errors import ParameterError
from engine.specs import InitialSpec

__all__ = ["CONDUCTANCE", "FilterSynapse", "Values", "is_spike"]

Values = dict[str, Any]
"""Values of a model's states, by name."""

CONDUCTANCE = InitialSpec(
    0.0 * u.mS, "g(0)", "conductance at the start", soft=(0.0, 2.0), any_unit=True
)
"""The start of a conductance: what it is measured in is what the conductance is measured in."""


class FilterSynapse(Synapse):
    """A synapse that declares its states, and says how a step moves them.

    A step does, in this order: read what arrives (`arrivals`), move the states (`advance`), use the
    inputs up, store, and return what the synapse passes on. Delta inputs arrive like the argument
    of `update`, whatever their label.
    """

    takes_current: ClassVar[bool] = False
    """Whether current inputs flow into the equation; a model that has no place for them says so."""

    def add_current_input(self, key: str, inp: Any, label: str | None = None) -> None:
        """Register an input of the equation; see `Dynamics.add_current_input`.

        Raises
        ------
        ParameterError
            The model's equation has no place for it.
        """
        if not self.takes_current:
            model = type(self).__name__
            raise ParameterError(
                f"{model}.current_inputs",
                f"{model} takes no current input, so '{key}' would never be read; "
                "use add_delta_input() for what arrives at the synapse",
            )
        super().add_current_input(key, inp, label)

    def arrivals(self, x: Any, now: Values) -> Any:
        """Sum up ``x`` and the delta inputs of this step, in the unit of the first state."""
        like = next(iter(now.values()))
        return self.sum_delta_inputs(self.accept(x, u.get_unit(like), like), pop=False)

    def advance(self, now: Values, arriving: Any) -> tuple[Values, Any]:
        """States after one step from ``now``, and what the synapse passes on.

        Raises
        ------
        NotImplementedError
            The model does not say how it integrates.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define advance()")

    def update(self, x: Any = None) -> Any:
        """Take one step.

        Parameters
        ----------
        x : Quantity or array, optional
            What arrives in this step, of a shape that fits the synapses; a plain number is in the
            unit of the conductance.

        Returns
        -------
        Quantity or array
            The conductance, in the shape of the state.

        Raises
        ------
        ParameterError
            Another dimension, or a shape that does not fit the state.
        """
        return self._step(x)

    def _step(self, x: Any) -> Any:
        states: dict[str, brainstate.State] = {n: getattr(self, n) for n in type(self).states()}
        now = {name: state.value for name, state in states.items()}
        new, passed_on = self.advance(now, self.arrivals(x, now))
        self.use_up_inputs()
        for name, value in new.items():
            require_same_shape(type(self).__name__, name, now[name], value)
            states[name].value = value
        return passed_on


def is_spike(value: Any) -> Any:
    """Whether each element is a spike: a truth value as it is, a number when it is above zero."""
    return boundary.strip(value, u.get_unit(value)) > 0
