"""Where a page may be changed: on its event loop, under the lock of its document."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import panel as pn
from bokeh.document import Document

__all__ = ["PageThread"]


class PageThread:
    """The way back from a worker thread to the page that is being made.

    In a server a callback runs on the event loop under the lock of the page's document; in a
    notebook on the event loop of the kernel; in a plain script at once.

    Only the event loop itself touches the document. Bokeh's document is not safe between threads:
    a callback that is added to it from a worker, while the loop collects changes, can be lost.

    Attributes
    ----------
    document : bokeh.document.Document or None
        The page.
    """

    def __init__(self) -> None:
        self.document: Document | None = pn.state.curdoc
        self._has_session = self.document is not None and bool(self.document.session_context)
        try:
            self._loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None

    def call(self, callback: Callable[[], None]) -> None:
        """Call back soon; never, where the page was closed meanwhile. From any thread."""
        if self._loop is not None and self._loop.is_running():
            self._loop.call_soon_threadsafe(self._take_turn, callback)
        else:
            self._take_turn(callback)

    def _take_turn(self, callback: Callable[[], None]) -> None:
        document = self.document
        if document is None or not self._has_session:
            callback()
        elif document.session_context is not None:
            document.add_next_tick_callback(lambda: _when_loaded(document, callback))


def _when_loaded(document: Document, callback: Callable[[], None]) -> None:
    """Call back before a browser has asked for the page, or once it has all of it.

    Panel 1.9 loses what changes while a page is on its way.
    """
    session = getattr(document.session_context, "session", None)
    if session is None:
        return
    if pn.state.loaded or not session.connection_count:
        callback()
    else:
        pn.state.onload(callback)
