"""`manage.py file_articles` on documents, feeds and folders of them."""

import json

import pytest
from django.core.management import CommandError, call_command

from quotes.management.commands import file_articles
from sources.models import Article, SourceDocument
from tests.conftest import make_filing
from tests.sources.intake import pages
from tests.sources.intake.stories import STORIES
from tests.sources.intake.test_feeds import atom, atom_entry, rss, rss_item
from tests.sources.intake.test_jsonld import article as json_ld
from tests.sources.intake.test_newsml import news_item, of_nitf
from tests.sources.intake.test_ninjs import ninjs_1, ninjs_3
from tests.sources.intake.test_nitf import nitf

pytestmark = pytest.mark.django_db

FILES = {
    "a/page.html": pages.arc_like(STORIES[0]),
    "a/ninjs.json": json.dumps(ninjs_3(STORIES[1])),
    "b/old.json": json.dumps(ninjs_1(STORIES[2])),
    "b/linked.json": json.dumps(json_ld(STORIES[3])),
    "b/linked.jsonld": json.dumps(json_ld(STORIES[4])),
    "c/wire.xml": nitf(STORIES[5]),
    "c/wire.nitf": nitf(STORIES[6]),
    "c/item.xml": news_item(STORIES[7], of_nitf),
    "feed.rss": rss(rss_item(0, STORIES[8])),
    "feed.xml": atom(atom_entry(0, STORIES[9])),
    "filing.json": json.dumps(make_filing()),
    "lines.ndjson": f"{json.dumps(make_filing(url='https://post.example/1'))}\n",
    ".hidden/page.html": "not read",
    "picture.jpg": "not read",
}


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "wire"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def run(path, *arguments):
    call_command("file_articles", path, *arguments, verbosity=0)


def test_a_folder_of_documents_is_filed(folder):
    run(folder)
    headlines = set(Article.objects.values_list("headline", flat=True))
    assert headlines == {"Quay to close", *(story.headline for story in STORIES)}
    assert Article.objects.count() == 12
    assert SourceDocument.objects.count() == 10
    run(folder)
    assert Article.objects.count() == 12


@pytest.mark.parametrize("name", [name for name in FILES if not name.startswith((".", "p"))])
def test_each_kind_of_file_is_filed_by_itself(folder, name):
    run(folder / name)
    assert Article.objects.count() == 1


def test_a_bad_file_is_refused_by_name_and_the_rest_is_filed(folder):
    (folder / "a" / "none.html").write_text("<p>Not found.</p>")
    bad = "<item><title>T</title><description>Only this.</description></item>"
    (folder / "feed.rss").write_text(rss(bad, rss_item(0, STORIES[8]), bad))
    with pytest.raises(CommandError, match="12 filed, 3 refused"):
        run(folder)
    path = folder.with_name("wire.refused.ndjson")
    told = [json.loads(line) for line in path.read_text().splitlines()]
    assert [each["file"] for each in told] == ["a/none.html", "feed.rss", "feed.rss"]
    assert "No article was found" in told[0]["errors"][0]["message"]


def test_an_interrupted_folder_resumes_where_it_stopped(folder, monkeypatch):
    monkeypatch.setattr(file_articles, "BATCH", 3)
    real = file_articles.Progress.save

    def save_once(progress, offset, line):
        real(progress, offset, line)
        raise KeyboardInterrupt

    monkeypatch.setattr(file_articles.Progress, "save", save_once)
    with pytest.raises(KeyboardInterrupt):
        run(folder)
    assert Article.objects.count() == 3
    monkeypatch.setattr(file_articles.Progress, "save", real)
    run(folder)
    assert Article.objects.count() == 12
    assert not folder.with_name("wire.progress").exists()
