"""The gallery: a card for every model, made from what runs."""

import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlparse

import pytest

from engine import LIF, Expon, catalog, networks
from explorer import gallery, links, shell
from explorer.gallery import Gallery

SECTIONS = gallery.cards()
WANTED = [
    *catalog.neurons(),
    *catalog.synapses(),
    *catalog.outputs(),
    *catalog.plasticity(),
    *(network.title for network in networks.catalogue().values()),
]
CARDS = {card["id"]: card for section in SECTIONS for card in section["cards"]}
MODELS = [(kind, name) for kind in gallery.kinds() for name in kind.models()]
IDS = [f"{kind.id}/{name}" for kind, name in MODELS]


def test_every_model_of_the_catalogue_has_one_card():
    names = [card["name"] for card in CARDS.values()]
    assert sorted(names) == sorted(WANTED)


@pytest.mark.parametrize(("kind", "name"), MODELS, ids=IDS)
def test_a_card_opens_its_model_in_its_lab(kind, name):
    address = urlparse(CARDS[f"{kind.id}/{name}"]["href"])
    assert address.path == shell.LABS[kind.lab.id][1]
    read = links.from_query(address.query, kind.lab.default(), kind.lab.named())
    assert read.complaints == ()
    assert read.experiment.to_json() == kind.experiment(name).to_json()
    parts = {c.__name__ for c in read.experiment.parts().values()}
    assert name in parts or kind.id == "network"


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_a_card_says_what_the_model_is(card):
    assert card["summary"].endswith(".")
    is_network = card["id"].startswith("network/")
    assert is_network or card["equation"].startswith('<div class="line"><math')
    assert card["symbols"]
    for row in card["symbols"]:
        assert is_network or row["symbol"].startswith("<math")
        assert row["meaning"]
    assert card["sources"], "no reference"
    for source in card["sources"]:
        assert re.search(r"\((18|19|20)\d\d\)", source["text"]), source
        assert "doi" not in source["text"]
    assert any(re.fullmatch(r"10\.\d{4,}/\S+[^.,;]", s["doi"]) for s in card["sources"])


DRAWN = [
    pytest.param(*model, id=id_, marks=pytest.mark.slow if model[0].id == "network" else ())
    for model, id_ in zip(MODELS, IDS, strict=True)
    if id_ != "network/CobaNetwork"
]
"""What has a thumbnail; each network compiles for seconds, so that one of them is drawn always."""
DRAWN.append(pytest.param(*MODELS[IDS.index("network/CobaNetwork")], id="network/CobaNetwork"))


@pytest.mark.parametrize(("kind", "name"), DRAWN)
def test_a_thumbnail_is_drawn_within_its_frame(kind, name):
    drawing = gallery.thumbnail(kind.id, name, kind.models()[name])
    assert drawing
    for path in drawing:
        numbers = [float(x) for x in re.findall(r"-?\d+\.\d", path["d"])]
        assert numbers, path["role"]
        assert all(0 <= x <= gallery.WIDTH for x in numbers[0::2])
        assert all(0 <= y <= gallery.HEIGHT for y in numbers[1::2])
    main = [p for p in drawing if p["role"] == "trace" or p["role"].startswith("population")]
    heights = {y for p in main for y in re.findall(r" (\d+\.\d)", p["d"])}
    assert len(heights) > 5 or kind.id == "output"


def test_spikes_are_drawn_in_the_thumbnail_of_a_model_that_has_to_be_told_its_spike():
    roles = [path["role"] for path in gallery.thumbnail("neuron", "LIF", LIF)]
    assert roles == ["trace", "spike"]


def test_cards_that_come_into_sight_get_their_thumbnails_once():
    with ThreadPoolExecutor(1) as other:  # in this thread Playwright's loop may be running
        page = other.submit(Gallery).result()
    ids = ["neuron/LIF", "synapse/Expon", "nobody/Nothing"]
    for _ in range(2):
        page.cards._handle_msg({"type": "want", "ids": ids})
        gallery._painter.submit(lambda: None).result()
    assert set(page.cards.thumbnails) == {"neuron/LIF", "synapse/Expon"}


def test_a_thumbnail_that_fails_leaves_the_others(monkeypatch, caplog):
    def broken(*_):
        raise RuntimeError("no")

    page = Gallery()
    monkeypatch.setattr(gallery, "thumbnail", broken)
    page.cards._handle_msg({"type": "want", "ids": ["neuron/LIF"]})
    gallery._painter.submit(lambda: None).result()
    assert page.cards.thumbnails == {}
    assert "neuron/LIF" in caplog.text


def test_references_are_read_with_their_doi():
    class Cited:
        """One.

        References
        ----------
        A. Author (1999). A title with 1.5 parts. Journal 1, 2-3.
        doi:10.1000/abc
        B. Other (2001). A book. Publisher.

        Examples
        --------
        >>> 1
        """

    assert gallery.sources(Cited) == [
        {"text": "A. Author (1999). A title with 1.5 parts. Journal 1, 2-3", "doi": "10.1000/abc"},
        {"text": "B. Other (2001). A book. Publisher", "doi": ""},
    ]
    assert gallery.sources(Expon)[0]["doi"] == "10.1017/CBO9781107447615"
