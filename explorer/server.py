"""What `spikescope serve` serves."""

from __future__ import annotations

import errno
import logging
import os
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from explorer.labs import Lab

__all__ = ["free_port", "gallery_page", "network_page", "neuron_page", "serve", "synapse_page"]

log = logging.getLogger(__name__)

TRIES = 20


def free_port(port: int, address: str = "127.0.0.1") -> int:
    """Return ``port``, or the next one that nobody uses.

    Raises
    ------
    OSError
        None of the next twenty is free.
    """
    for candidate in range(port, port + TRIES):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, candidate))
            except OSError as error:
                if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                    raise
            else:
                return candidate
    raise OSError(f"no free port from {port} to {port + TRIES - 1}; give another with --port")


def neuron_page() -> Any:
    """Make the page of the neuron lab for the session that asks for it."""
    from explorer.labs import NeuronLab

    return _page_of(NeuronLab)


def synapse_page() -> Any:
    """Make the page of the synapse lab for the session that asks for it."""
    from explorer.labs import SynapseLab

    return _page_of(SynapseLab)


def network_page() -> Any:
    """Make the page of the network lab for the session that asks for it."""
    from explorer.labs import NetworkLab

    return _page_of(NetworkLab)


def gallery_page() -> Any:
    """Make the page of all models for the session that asks for it."""
    from explorer.gallery import Gallery

    return Gallery().page()


def _page_of(lab_class: type[Lab]) -> Any:
    import panel as pn

    location = pn.state.location
    lab = lab_class(query=location.search if location else "")
    pn.state.on_session_destroyed(lambda context: lab.runner.cancel())
    return lab.page()


def warm_up() -> None:
    """Import the engine and compile the first model while the first page is on its way."""
    from engine import LIF, Experiment, simulate

    try:
        simulate(Experiment(LIF))
    except Exception:
        log.exception("the first model could not be compiled ahead of time")


class _PageWasClosed(logging.Filter):
    """Keep quiet about a page that was closed while it was being written to: that is no error."""

    def filter(self, record: logging.LogRecord) -> bool:
        from tornado.websocket import WebSocketClosedError

        return not (record.exc_info and isinstance(record.exc_info[1], WebSocketClosedError))


def serve(port: int, address: str, show: bool) -> None:
    """Serve the labs until interrupted."""
    logging.getLogger("asyncio").addFilter(_PageWasClosed())
    use_compile_cache()
    threading.Thread(target=warm_up, daemon=True).start()
    import panel as pn

    # Bokeh's own reconnection to a restarted server takes up a session that the page does not know;
    # the page loads again instead (assets/status.js), and finds its state in its address.
    pn.config.reconnect = False
    origins = [f"{name}:{port}" for name in ("localhost", "127.0.0.1", address)]
    pn.serve(
        {
            "": neuron_page,
            "synapse": synapse_page,
            "network": network_page,
            "gallery": gallery_page,
        },
        port=port,
        address=address,
        websocket_origin=origins if address in ("127.0.0.1", "localhost") else "*",
        show=show,
        title="Spikescope",
        verbose=False,
    )


def use_compile_cache() -> None:
    """Keep compiled programs on disk, so that the next start finds them."""
    import jax
    from platformdirs import user_cache_dir

    if not os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        folder = Path(user_cache_dir("spikescope")) / "compiled"
        jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.05)
