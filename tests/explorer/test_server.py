"""What the server says, and what it keeps to itself."""

import logging
import sys

import pytest
from tornado.websocket import WebSocketClosedError

from explorer.server import _PageWasClosed


def record(error):
    try:
        raise error
    except type(error):
        return logging.LogRecord("asyncio", logging.ERROR, "", 0, "said", (), sys.exc_info())


def test_a_page_that_was_closed_while_it_was_written_to_is_not_reported():
    assert not _PageWasClosed().filter(record(WebSocketClosedError()))


@pytest.mark.parametrize("error", [ValueError("a bug"), OSError("a disk")])
def test_every_other_error_is_reported(error):
    assert _PageWasClosed().filter(record(error))
