"""Brian2 as a C++ program with one thread, compiled once and then run again and again."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import ClassVar

import numpy as np

from tests.benchmarks.rivals.networks import DT, NETWORKS, VogelsAbbott
from tests.benchmarks.rivals.runner import Run, Runner

__all__ = ["Brian2Standalone", "Brian2StandaloneSingle"]

MEMBRANE = {
    True: "dv/dt = (E_L - v + drive + ge*(E_e - v) + gi*(E_i - v)) / tau : 1 (unless refractory)",
    False: "dv/dt = (E_L - v + drive + ge + gi) / tau : 1 (unless refractory)",
}
DECAY = """
dge/dt = -ge / tau_e : 1
dgi/dt = -gi / tau_i : 1
"""
METHOD = {True: "exponential_euler", False: "exact"}


class Brian2Standalone(Runner):
    """Its own measure of the run is counted, without connecting, loading and saving.

    It asks ``std::clock``, which counts the time of a processor; ours is taken so beside it.
    """

    name = "Brian2 C++ standalone"
    counts_cpu = redraws = True
    precision: ClassVar[type] = np.float64

    @classmethod
    def missing(cls) -> str:
        """Look for Brian2, a compiler and make."""
        if importlib.util.find_spec("brian2") is None:
            return "Brian2 is not installed"
        if not (shutil.which("g++") and shutil.which("make")):
            return "it needs a C++ compiler (on Debian: sudo apt-get install g++ make)"
        return ""

    def build(self) -> None:
        """Write the C++ program, compile it, and let it run once."""
        import brian2 as b2

        p = NETWORKS[self.network]
        assert isinstance(p, VogelsAbbott)
        self.directory = tempfile.TemporaryDirectory()
        b2.set_device("cpp_standalone", directory=self.directory.name, build_on_run=False)
        b2.prefs.devices.cpp_standalone.openmp_threads = 0
        b2.BrianLogger.log_level_error()
        b2.prefs.core.default_float_dtype = self.precision
        b2.defaultclock.dt = DT * b2.ms
        names = {"E_L": p.rest, "drive": p.drive, "E_e": p.E_exc, "E_i": p.E_inh}
        names |= {"tau": p.tau * b2.ms, "tau_e": p.tau_exc * b2.ms, "tau_i": p.tau_inh * b2.ms}
        names |= {"threshold": p.threshold, "reset": p.reset, "w_e": p.excitation}
        names |= {"w_i": p.inhibition}
        n_exc, n_inh = round(p.n_exc * self.scale), round(p.n_inh * self.scale)
        cells = b2.NeuronGroup(
            n_exc + n_inh,
            MEMBRANE[p.conductances] + DECAY,
            threshold="v >= threshold",
            reset="v = reset",
            refractory=p.tau_ref * b2.ms,
            method=METHOD[p.conductances],
            namespace=names,
        )
        excitation = b2.Synapses(cells[:n_exc], cells, on_pre="ge += w_e", namespace=names)
        inhibition = b2.Synapses(cells[n_exc:], cells, on_pre="gi += w_i", namespace=names)
        for synapses in (excitation, inhibition):
            synapses.connect(p=p.sources / (n_exc + n_inh))
        if p.conductances:
            cells.v = "-55 + 5 * randn()"
            cells.v["v >= threshold"] = "reset"  # as with us: they do not fire at the very start
        else:
            cells.v = "reset + (threshold - reset) * rand()"
        spikes = b2.SpikeMonitor(cells)
        network = b2.Network(cells, excitation, inhibition, spikes)
        network.run(self.duration * b2.ms)
        b2.device.build(directory=self.directory.name, compile=True, run=True, debug=False)
        self.n_synapses = len(excitation) + len(inhibition)

    def run(self) -> Run:
        """Run the program; it writes how long the loop over the steps took."""
        begin = time.perf_counter()
        subprocess.run(["./main"], cwd=self.directory.name, check=True, capture_output=True)
        whole = time.perf_counter() - begin
        results = Path(self.directory.name, "results")
        seconds = float((results / "last_run_info.txt").read_text().split()[0])
        count = next(results.glob("_dynamic_array_spikemonitor_i*")).stat().st_size // 4
        return Run(seconds, count, seconds, whole)


class Brian2StandaloneSingle(Brian2Standalone):
    """In single precision, as we compute too; for some networks that is its best."""

    name = "Brian2 C++ standalone in float32"
    precision = np.float32
