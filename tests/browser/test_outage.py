"""A server that goes away, and comes back."""

import pytest

from tests.browser.conftest import Server

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(cache):
    """A server of this module's own, so that it can be stopped."""
    server = Server(cache)
    server.start()
    yield server
    server.stop()


def test_a_page_says_that_its_server_is_gone_and_recovers_when_it_is_back(visit, server):
    lab = visit("tau=33")
    lab.may_complain = True
    server.stop()
    lab.page.get_by_text("Connection lost").wait_for(timeout=5_000)
    assert lab.look("document.documentElement.hasAttribute('data-offline')")
    assert len(lab.trace()["x"]) > 100  # the last plot stays
    server.start()
    lab.page.get_by_text("Connected", exact=True).wait_for(timeout=30_000)
    lab.wait_ready()
    assert not lab.look("document.documentElement.hasAttribute('data-offline')")
    assert lab.values["tau"] == 33
    lab.type("tau", "12")
    lab.value_is("tau", 12)
    assert lab.errors == {}
