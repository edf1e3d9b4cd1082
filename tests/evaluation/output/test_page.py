from html.parser import HTMLParser

import pytest
from matplotlib.figure import Figure

from surveil.evaluation.output.page import FIGURES, Drawing, Section, render_page
from surveil.evaluation.output.tables import Table
from surveil.model.checkpoint import Card

HOSTILE = "<script>alert('x')</script> & \"quotes\""


class Reader(HTMLParser):
    """What a browser would make of the page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.words, self.tables = [], [], []
        self.in_cell = False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self.in_cell = True

    def handle_endtag(self, tag):
        self.in_cell = self.in_cell and tag not in ("td", "th")

    def handle_data(self, data):
        self.words.append(data)
        if self.in_cell:
            self.tables[-1][-1][-1] += data

    def all(self, attribute):
        return [values[attribute] for _, values in self.tags if attribute in values]

    @property
    def text(self):
        return " ".join(self.words)


@pytest.fixture
def page():
    card = Card(
        HOSTILE,
        "resnet34-attention",
        (128, 64),
        sha256="5ha" * 20,
        limits="Cannot fly.",
        training={"data": "Market-1501 train", "terms": "research <only>"},
        metrics={"mAP": 0.5},
    )
    sections = [
        Section(
            "Found <again>",
            [Table("First", ("ranked by", "mAP"), (("joined", "50.0"), (HOSTILE, "1")), "A note & more.")],
            [Drawing("cmc.png", "How far", Figure()), Drawing("queries.png", HOSTILE, Figure())],
        ),
        Section("Attributes", [Table("Second", ("attribute",), (("hat",),), "")]),
    ]
    return render_page(title="A model", sections=sections, cards=[card], command="surveil x 'a b'")


def test_all_tables_and_pictures_are_on_the_page(page):
    reader = Reader(page)
    assert reader.tables[0] == [["ranked by", "mAP"], ["joined", "50.0"], [HOSTILE, "1"]]
    assert reader.tables[1][:2] == [["attribute"], ["hat"]]
    assert [values["src"] for tag, values in reader.tags if tag == "img"] == ["cmc.png", "queries.png"]
    for words in ("First", "A note & more.", "How far", "surveil x 'a b'", "Found <again>"):
        assert words in reader.text


def test_the_card_tells_what_the_model_is(page):
    text = Reader(page).text
    for words in ("5ha" * 20, "Market-1501 train", "research <only>", "Cannot fly.", "64\u00d7128", '"mAP": 0.5'):
        assert words in text


def test_a_card_that_tells_nothing_is_told():
    card = Card("bare", "resnet34-attention", (128, 64))
    page = render_page(title="", sections=[], cards=[card], command="")
    assert Reader(page).text.count("not stated") == 3


def test_what_is_shown_is_never_markup(page):
    assert "<script" not in page
    assert {tag for tag, _ in Reader(page).tags}.isdisjoint({"script", "iframe", "link", "object", "only", "again"})


def test_the_page_needs_nothing_from_elsewhere(page):
    reader = Reader(page)
    sections = [address for address in reader.all("href") if address.startswith("#")]
    assert {address.removeprefix("#") for address in sections} <= set(reader.all("id"))
    files = set(reader.all("src") + reader.all("href")) - set(sections)
    assert files == {"cmc.png", "queries.png", FIGURES}
    assert "//" not in page
    assert "url(" not in page
    assert "@import" not in page
