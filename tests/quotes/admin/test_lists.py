"""The list of quotes: its columns, its filters beside it, and how empty values and dates look."""

import re

import pytest
from lxml import html

from quotes.models import Quote
from tests.records import make_outlet, make_quote, make_speaker
from tests.sources.admin.test_admin import changelist, page_of

pytestmark = pytest.mark.django_db


def listed(client, **query) -> list[str]:
    """The words of the quotes that the list shows."""
    answer = client.get(changelist(Quote), query)
    assert answer.status_code == 200
    return html.fromstring(answer.text).xpath("//*[contains(@class, 'field-words')]//bdi/text()")


def filters(client, **query) -> html.HtmlElement:
    (panel,) = html.fromstring(client.get(changelist(Quote), query).text).xpath(
        "//*[@id='changelist-filter']"
    )
    return panel


def test_speaker_outlet_kind_language_and_dates_are_filters_of_the_panel(curator_at_desk):
    mara, post = make_speaker("Mara Quill"), make_outlet("The Post")
    said = {"kind": "partial", "language": "nb", "published": "2026-03-02"}
    make_quote("sought", speaker=mara, outlet=post, **said)
    make_quote("other", published="2026-05-01")
    panel = filters(curator_at_desk)
    names = {field.get("name") for field in panel.xpath(".//form//input | .//form//select")}
    asked = {
        "said_by": str(mara.pk),
        "outlet__id__exact": str(post.pk),
        "kind": "partial",
        "language": "NB",
        "published_until": "2026-03-02",
    }
    assert names == {*asked, "published_since"}
    for name, value in asked.items():
        assert listed(curator_at_desk, **{name: value}) == ["sought"], name
    assert listed(curator_at_desk, published_since="2026-03-03") == ["other"]
    empty = dict.fromkeys([*asked, "published_since"], "")
    assert listed(curator_at_desk, **empty) == ["other", "sought"]


def test_the_panel_shows_what_was_chosen_and_hands_other_filters_on(curator_at_desk):
    mara = make_speaker("Mara Quill")
    make_quote("sought", speaker=mara)
    query = {"said_by": str(mara.pk), "status__exact": "published", "q": "sought", "p": "1"}
    panel = filters(curator_at_desk, **query)
    assert panel.xpath(".//select[@name='said_by']/option[@selected]/text()") == ["Mara Quill"]
    hidden = panel.xpath(".//form/input[@type='hidden']")
    assert {(one.get("name"), one.get("value")) for one in hidden} == {
        ("status__exact", "published"),
        ("q", "sought"),
    }
    assert panel.xpath(".//summary[contains(., 'speaker')]") == []


@pytest.mark.parametrize(
    "query",
    [{"kind": "odd"}, {"language": "not a tag!"}, {"outlet__id__exact": "x"}, {"said_by": "x"}],
)
def test_a_filter_that_makes_no_sense_is_refused(curator_at_desk, query):
    answer = curator_at_desk.get(changelist(Quote), query)
    assert answer.status_code == 400
    assert f"{next(iter(query))}=" in answer.text


def test_readers_are_offered_only_statuses_that_they_can_see(reader_at_desk, curator_at_desk):
    def offered(client):
        return {
            link.text_content().strip()
            for link in filters(client).xpath(".//details[@data-filter-title='status']//a")
        }

    assert offered(reader_at_desk) == {"All", "Published", "Disputed", "Retracted"}
    assert offered(curator_at_desk) == {"All", *Quote.Status.labels}


def test_a_row_shows_status_flags_kind_and_dates(curator_at_desk):
    make_quote(flags=["unresolved_speaker"], kind="partial", published="2026-03", said="2026-02-01")
    page = html.fromstring(curator_at_desk.get(changelist(Quote)).text)
    row = " ".join(page.xpath("string(//table[@id='result_list']/tbody)").split())
    for part in ("Published Speaker not identified", "Partial", "2026-03 said 2026-02-01", "–"):
        assert part in row


def test_times_have_one_style_and_empty_values_one_sign(curator_at_desk):
    quote = make_quote()
    page = html.fromstring(curator_at_desk.get(page_of(quote)).text)
    created = page.xpath("string(//*[contains(@class, 'field-created')]//*[@class='readonly'])")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", created)
    shown = page.xpath("//*[@class='readonly']/text()")
    assert "-" not in [text.strip() for text in shown]


def test_the_page_of_an_article_shows_its_quotes_and_leads_to_their_review(
    curator_at_desk, reader_at_desk
):
    quote = make_quote("No choice at all", speaker=make_speaker("Mara Quill"))
    text = curator_at_desk.get(page_of(quote.article)).text
    page = html.fromstring(text)
    listed = page.xpath("string(//*[contains(@class, 'field-quotes')]//li)")
    assert " ".join(listed.split()) == "No choice at all Published Mara Quill"
    review = f"/admin/quotes/review/{quote.article_id}/"
    assert f'href="{review}"' in text
    assert f'href="{review}"' not in reader_at_desk.get(page_of(quote.article)).text
    labels = {label.strip(" :\n") for label in page.xpath("//label/text()")}
    assert {"URL", "External ID", "Canonical URL"} <= labels
