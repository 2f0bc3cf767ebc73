"""The last step of the live path: out of the socket at once."""

from __future__ import annotations

from weakref import WeakSet

from bokeh.document import Document

__all__ = ["send_promptly"]

_prompt: WeakSet[object] = WeakSet()


def send_promptly(document: Document | None) -> None:
    """Switch off the delay with which TCP gathers small packets, for the browsers of a session.

    A message of Bokeh is several small frames. Nagle's algorithm holds the second back until the
    first is acknowledged, and the browser's side delays that by 40 ms: two thirds of what a slider
    step may take.
    """
    session = getattr(document and document.session_context, "session", None)
    for connection in getattr(session, "_subscribed_connections", ()):
        socket = connection._socket
        if socket not in _prompt and getattr(socket, "ws_connection", None) is not None:
            socket.set_nodelay(True)
            _prompt.add(socket)
