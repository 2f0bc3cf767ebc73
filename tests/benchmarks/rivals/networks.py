"""The networks as the papers write them, for all simulators alike.

They are written out here and not read from `engine.networks`, so that a wrong number of ours shows
in the comparison of rates. Times in ms, potentials in mV, conductances over the leak.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BRUNEL", "DT", "NETWORKS", "Brunel", "VogelsAbbott"]

DT = 0.1


@dataclass(frozen=True)
class VogelsAbbott:
    """Benchmarks 1 (conductances) and 2 (currents) of Brette and others (2007).

    The weights of benchmark 2 are in mV; those of benchmark 1 have no unit.
    """

    conductances: bool
    rest: float
    drive: float
    excitation: float
    inhibition: float
    n_exc: int = 3200
    n_inh: int = 800
    sources: int = 80
    tau: float = 20.0
    tau_exc: float = 5.0
    tau_inh: float = 10.0
    tau_ref: float = 5.0
    threshold: float = -50.0
    reset: float = -60.0
    E_exc: float = 0.0
    E_inh: float = -80.0
    leak: float = 10.0
    """Conductance of the leak, in nS, for simulators that want units."""


@dataclass(frozen=True)
class Brunel:
    """Figure 8C of Brunel (2000), asynchronous and irregular."""

    n_exc: int = 10_000
    n_inh: int = 2500
    exc_sources: int = 1000
    inh_sources: int = 250
    tau: float = 20.0
    tau_ref: float = 2.0
    threshold: float = 20.0
    reset: float = 10.0
    jump: float = 0.1
    g: float = 5.0
    outside: float = 20_000.0
    """Spikes a second from outside, that is eta = 2."""
    delay: float = 1.5


BRUNEL = Brunel()
NETWORKS: dict[str, VogelsAbbott | Brunel] = {
    "coba": VogelsAbbott(True, rest=-60.0, drive=20.0, excitation=0.6, inhibition=6.7),
    "cuba": VogelsAbbott(False, rest=-49.0, drive=0.0, excitation=1.62, inhibition=-9.0),
    "brunel": BRUNEL,
}
