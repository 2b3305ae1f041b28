"""Fifty hostile strings, filed as everything that is text: inert wherever they come out."""

import csv
import io
import json

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile

from quotes.models import Quote
from quotes.representations import REPRESENTATIONS
from sources.jobs import models
from sources.models import Affiliation, Article, Organisation, Outlet, Speaker
from tests.conftest import API
from tests.hostile import FORMULAS, STRINGS, harm_done
from tests.records import make_utterance
from tests.sources.admin.test_admin import page_of
from tests.walking import admin_pages, api_answers

pytestmark = pytest.mark.django_db


def hostile_filing(string: str, number: int, refused: frozenset[str] = frozenset()) -> dict:
    """A filing with the string in every field that accepts it."""

    def put(place: str, otherwise: str) -> str:
        return otherwise if place in refused else string

    words = f"We had {put('words', 'no choice')}, {number},"
    name = put("name", "Mara Quill")
    return {
        "outlet": put("outlet", "The Harbour Post"),
        "external_id": put("external_id", f"cms-{number}")[:150] + f" {number}",
        "url": put("url", f"https://post.example/{number}"),
        "headline": put("headline", "Quay to close"),
        "byline": [put("byline", "Ada Lund")],
        "published": "2026-03-14",
        "language": "en",
        "text": f"{put('text', 'The quay will close.')} “{words}” said somebody. {put('text', '')}",
        "plain": True,
        "quotes": [
            {
                "text": words,
                "kind": "direct",
                "speaker": name,
                "role": put("role", "harbour master"),
                "organisation": put("organisation", "Harbour Board"),
                "status": "published",
                "attribution": dict.fromkeys(
                    ("text", "speaker", "role", "organisation", "cue"), put("attribution", "said")
                ),
                "via": [{"kind": "cited", "name": put("via", "Sky News")}],
            }
        ],
    }


PLACES = {
    "/outlet": "outlet",
    "/external_id": "external_id",
    "/url": "url",
    "/headline": "headline",
    "/byline/0": "byline",
    "/text": "text",
    "/quotes/0/text": "words",
    "/quotes/0/speaker": "name",
    "/quotes/0/role": "role",
    "/quotes/0/organisation": "organisation",
    "/quotes/0/via/0/name": "via",
    **{
        f"/quotes/0/attribution/{part}": "attribution"
        for part in ("text", "speaker", "role", "organisation", "cue")
    },
}


DOCUMENTATION = {f"{API}docs/", f"{API}schema/"}
"""Holds nothing that anybody filed."""


def send(client, method: str, path: str, body: dict):
    """Send ASCII JSON, which can hold lone surrogates; check that the answer is inert."""
    answer = getattr(client, method)(path, json.dumps(body), content_type="application/json")
    is_inert(answer)
    return answer


def is_inert(answer) -> None:
    """Whether the answer is JSON or another format that no browser renders as a page."""
    kind = answer.headers.get("Content-Type", "")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not any(page in kind for page in ("html", "svg", "xml", "javascript")), kind
    if "json" in kind:
        json.loads(answer.content)


def file_one(client, string: str, number: int) -> Article | None:
    """File the string in every field that accepts it; None if none does."""
    refused = frozenset()
    while refused < set(PLACES.values()):
        answer = send(client, "post", f"{API}articles/", hostile_filing(string, number, refused))
        if answer.status_code == 201:
            return Article.objects.get(pk=answer.json()["id"])
        assert answer.status_code == 400, answer.content
        faults = [fault["pointer"] for fault in answer.json()["errors"]]
        assert {PLACES[pointer] for pointer in faults} - refused, faults
        refused |= {PLACES[pointer] for pointer in faults}
    return None


def make_all(client, string: str, number: int) -> dict | None:
    """Make records with the string in every field that accepts it, each at version 2, by model."""
    if not (article := file_one(client, string, number)):
        return None
    said = f"{string} said, after all that"
    Article.objects.filter(pk=article.pk).update(headline=said)
    quote = Quote.objects.get(article=article.pk)
    held = Affiliation.objects.create(
        speaker=quote.speaker, organisation=quote.organisation, role=string[:500]
    )
    Affiliation.objects.filter(pk=held.pk).update(role=f"deputy {string}"[:500])
    quote.revise(note="As printed.", utterance=make_utterance(), attribution_text=said)
    for record in (quote.speaker, article.outlet, quote.organisation):
        path = f"{API}{record._meta.model_name}s/{record.pk}/"
        etag = {"If-Match": client.get(path).headers["ETag"]}
        body = json.dumps({"aliases": [string[:400], f"{string[:400]} {number}"]})
        answer = client.patch(path, body, content_type="application/json", headers=etag)
        assert answer.status_code in (200, 400), answer.content
        is_inert(answer)
    records = (quote, article, article.snapshot, article.outlet, quote.speaker)
    records += (quote.organisation, held, quote.utterance)
    return {record._meta.model_name: record for record in records}


def make_jobs(string: str, quote: Quote, user) -> dict:
    """A dry run of a bulk job, and a finished job with refusals, by this user."""
    chosen = Quote.objects.filter(pk=quote.pk)
    draft, done = models.draft("retract", user, of=chosen), models.draft("settle", user, of=chosen)
    done.start(reason=string)
    return {"bulk": draft, "job": done}


def page_is_inert(client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (200, 302, 403), path
    if answer.status_code == 200:
        assert harm_done(answer.text) == [], path


def packed(strings: list[str]) -> list[str]:
    """Join several strings, up to the length of a name."""
    found = [""]
    for string in strings:
        if len(found[-1]) + len(string) > 400:
            found.append("")
        found[-1] += f" {string}"
    return [one for one in found if one]


def test_each_string_is_inert_in_lists_and_on_the_pages_of_its_quote_and_speaker(
    curator, curator_at_desk
):
    made = [make_all(curator, string, number) for number, string in enumerate(STRINGS)]
    assert [bool(records) for records in made] == [True] * 49 + [False]  # a lone surrogate
    for path in api_answers({}):
        if path not in DOCUMENTATION:
            is_inert(curator.get(path))
    for path in admin_pages({}):
        page_is_inert(curator_at_desk, path)
    for records in made[:49]:
        path = f"{API}quotes/{records['quote'].pk}/"
        for representation in ("json", *(each.format for each in REPRESENTATIONS)):
            is_inert(curator.get(path, {"format": representation}))
        for name in ("quote", "speaker"):
            page_is_inert(curator_at_desk, page_of(records[name]))
    for model in (Quote, Speaker, Outlet, Organisation):
        assert model.objects.count() >= 40


def test_all_strings_are_inert_in_every_answer_and_on_every_page(curator, curator_at_desk):
    made = [make_all(curator, string, number) for number, string in enumerate(packed(STRINGS[:49]))]
    user = get_user_model().objects.get(pk=curator_at_desk.session["_auth_user_id"])
    answers = {path for records in made for path in api_answers(records)}
    made = [
        records | make_jobs(records["article"].headline, records["quote"], user) for records in made
    ]
    for path in sorted(answers - DOCUMENTATION):
        is_inert(curator.get(path))
    pages = {path for records in made for path in admin_pages(records)}
    assert len(pages) > len(made) * 20
    for path in sorted(pages):
        page_is_inert(curator_at_desk, path)


def test_the_preview_of_a_table_of_hostile_strings_is_inert(curator_at_desk):
    file = io.StringIO()
    rows = csv.writer(file)
    rows.writerow(["name", "aliases", "url"])
    rows.writerows([string.replace("\0", ""), string, string] for string in STRINGS[:49])
    sent = SimpleUploadedFile("outlets.csv", file.getvalue().encode())
    answer = curator_at_desk.post("/admin/sources/outlet/import/", {"file": sent}, follow=True)
    assert answer.status_code == 200
    assert len(answer.context["lines"]) == 49
    assert harm_done(answer.text) == []


def test_no_cell_of_an_export_begins_like_a_formula(curator, curator_at_desk):
    for number, string in enumerate(FORMULAS):
        make_all(curator, string, number)
    for name in ("quotes/quote", "sources/speaker", "sources/article"):
        answer = curator_at_desk.get(f"/admin/{name}/export.csv")
        assert answer.headers["Content-Type"].startswith("text/csv")
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        text = b"".join(answer.streaming_content).decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline="")))
        assert len(rows) > len(FORMULAS), name
        assert not [cell for row in rows for cell in row if cell[:1] in tuple("=+-@\t\r\n")]


@pytest.mark.parametrize("string", [*STRINGS[:20], *STRINGS[42:44]])
def test_a_string_that_is_not_made_inert_is_noticed(string):
    places = ("{}", '<b title="{}">B</b>', "<b title='{}'>B</b>", "<b title={}>B</b>")
    pages = [f"<!doctype html><title>A</title><p>{place}</p>" for place in places]
    assert not any(harm_done(page.format("quay")) for page in pages)
    assert any(harm_done(page.format(string)) for page in pages)
