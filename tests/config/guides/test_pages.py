"""Guides as pages, and where their links and those of the README lead."""

import re
from pathlib import Path

import pytest
from django.urls import Resolver404, resolve

from config.guides.views import GUIDES, Guide, guides, served, text_of
from tests.config.guides.documents import DOCUMENTS, FOLDER, tokens_of


def test_every_guide_is_served(client):
    assert {file.stem for file in FOLDER.glob("*.md")} == set(GUIDES)
    index = client.get("/guides/").content.decode()
    for name, guide in guides().items():
        assert f'href="/guides/{name}/"' in index
        answer = client.get(f"/guides/{name}/")
        page = answer.content.decode()
        assert f"<h1>{guide.title}</h1>" in re.sub(r' id="[^"]*"', "", page)
        for section in guide.sections:
            assert f'id="{section.anchor}"' in page
            assert f'href="#{section.anchor}"' in page
        assert "<script" not in page
        assert "style=" not in page
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_there_is_no_other_guide(client):
    assert client.get("/guides/nothing/").status_code == 404
    assert client.post("/guides/").status_code == 405


def test_the_admin_and_the_explorer_lead_to_the_guides(admin_client):
    for page in ("/admin/", "/api/v1/docs/"):
        assert 'href="/guides/"' in admin_client.get(page).content.decode()


def test_html_in_a_guide_is_shown_as_text(tmp_path, monkeypatch):
    words = "A <script>alert(1)</script> [link](javascript:alert(1))"
    (tmp_path / "hostile.md").write_text(f"# Title\n\n{words}\n\n## Twice\n\n## Twice\n")
    monkeypatch.setattr("config.guides.views.__file__", str(tmp_path / "views.py"))
    guide = Guide("hostile")
    assert "<script" not in str(guide)
    assert "href" not in str(guide)
    assert [section.anchor for section in guide.sections] == ["twice", "twice-1"]


# Links


def anchors_of(path: Path) -> set[str]:
    (name,) = [name for name, file in DOCUMENTS.items() if file == path]
    seen, anchors = {}, set()
    tokens = tokens_of(name)
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            text = text_of(tokens[index + 1]).lower()
            anchor = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
            seen[anchor] = seen.get(anchor, -1) + 1
            anchors.add(anchor + (f"-{seen[anchor]}" if seen[anchor] else ""))
    return anchors


def leads_somewhere(href: str, document: str) -> bool:
    if re.match(r"https?://", href):
        return True
    if href.startswith("/"):
        try:
            return bool(resolve(href.partition("#")[0]))
        except Resolver404:
            return False
    target, _, anchor = href.partition("#")
    path = (DOCUMENTS[document].parent / target).resolve() if target else DOCUMENTS[document]
    if target and document != "README" and not served(href).startswith("/guides/"):
        return False  # a page cannot link to what is only a file
    return path.exists() and (not anchor or anchor in anchors_of(path))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document):
    inline = [child for token in tokens_of(document) for child in token.children or ()]
    links = [child.attrGet("href") for child in inline if child.type == "link_open"]
    assert [link for link in links if not leads_somewhere(link, document)] == []
