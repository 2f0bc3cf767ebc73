"""The way back from a worker to the page: nothing is lost on it, whatever the page is doing."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import MagicMock

import pytest
from bokeh.document import Document
from panel.io.document import hold
from panel.io.state import set_curdoc

from explorer.pagethread import PageThread


@pytest.fixture
def document(monkeypatch):
    """A document with a session that no browser has asked for yet."""
    context = MagicMock()
    context.session.connection_count = 0
    monkeypatch.setattr(Document, "session_context", property(lambda document: context))
    return Document()


def added(document):
    return [callback.callback for callback in document.callbacks.session_callbacks]


def apart_from_loops(callback, *arguments):
    """Call in a thread of its own: Playwright's loop may be running in this one."""
    with ThreadPoolExecutor(1) as other:
        return other.submit(callback, *arguments).result()


def apart(coroutine):
    apart_from_loops(asyncio.run, coroutine)


def from_a_worker(thread, callback):
    worker = threading.Thread(target=thread.call, args=(callback,))
    worker.start()
    worker.join()


def test_only_the_event_loop_touches_the_document(document, monkeypatch):
    touched, add = [], Document.add_next_tick_callback

    def noted(self, callback):
        touched.append(threading.get_ident())
        return add(self, callback)

    monkeypatch.setattr(Document, "add_next_tick_callback", noted)

    async def page():
        with set_curdoc(document):
            thread = PageThread()
        from_a_worker(thread, lambda: None)
        assert touched == []
        await asyncio.sleep(0)
        assert touched == [threading.get_ident()]

    apart(page())


def test_what_comes_while_changes_are_collected_is_called_back(document):
    called = []

    async def page():
        with set_curdoc(document):
            thread = PageThread()
            with hold(document):
                from_a_worker(thread, lambda: called.append("result"))
                assert document.callbacks._held_events == []
        await asyncio.sleep(0)
        for callback in added(document):
            callback()

    apart(page())
    assert called == ["result"]


def test_without_a_page_it_is_called_on_the_loop_or_at_once():
    called = []

    async def notebook():
        thread, own = PageThread(), threading.get_ident()
        from_a_worker(thread, lambda: called.append(threading.get_ident() == own))
        await asyncio.sleep(0)

    apart(notebook())
    apart_from_loops(lambda: PageThread().call(lambda: called.append("script")))
    assert called == [True, "script"]
