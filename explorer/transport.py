"""The last step of the live path: out of the socket at once, and in one piece."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakSet

from bokeh.document import Document

__all__ = ["in_one_piece", "send_promptly"]

_prompt: WeakSet[object] = WeakSet()


def send_promptly(document: Document | None) -> None:
    """Switch off the delay with which TCP gathers small packets, for the browsers of a session.

    A message of Bokeh is several small frames. Nagle's algorithm holds the second back until the
    first is acknowledged, and the browser's side delays that by 40 ms: two thirds of what a slider
    step may take.
    """
    for handler in _handlers(document):
        if handler not in _prompt:
            handler.set_nodelay(True)
            _prompt.add(handler)


@contextmanager
def in_one_piece(document: Document | None) -> Iterator[None]:
    """Let the frames of a message leave together, where the system can.

    Each frame on its own wakes the browser, which then competes with us for the processor while the
    next frames are still to be written.
    """
    cork = getattr(socket, "TCP_CORK", None)  # Linux
    streams = [h.ws_connection.stream for h in _handlers(document)] if cork else []
    sockets = [stream.socket for stream in streams if stream.socket is not None]
    for one in sockets:
        one.setsockopt(socket.IPPROTO_TCP, cork, 1)
    try:
        yield
    finally:
        for one in sockets:
            if one.fileno() >= 0:
                one.setsockopt(socket.IPPROTO_TCP, cork, 0)


def _handlers(document: Document | None) -> list:
    """Give the websocket handlers of a session's browsers."""
    session = getattr(document and document.session_context, "session", None)
    handlers = [c._socket for c in getattr(session, "_subscribed_connections", ())]
    return [h for h in handlers if getattr(h, "ws_connection", None) is not None]
