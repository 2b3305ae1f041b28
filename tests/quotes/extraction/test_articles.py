"""Proposals from made-up articles, each for one kind of error that extraction makes."""

import tomllib
from pathlib import Path

import pytest

from quotes.extraction import propose

FOLDER = Path(__file__).parent / "articles"


def made_up() -> list:
    """The articles of every language, as test cases with an id that says what each is for."""
    cases = []
    for path in sorted(FOLDER.glob("*.toml")):
        for article in tomllib.loads(path.read_text(encoding="utf-8"))["article"]:
            name = f"{path.stem}: {article['kind']}"
            language = path.stem.partition("-")[0]
            cases.append(pytest.param(language, article["text"], article["quotes"], id=name))
    return cases


@pytest.mark.parametrize(("language", "text", "quotes"), made_up())
def test_each_quote_has_its_words_speaker_role_and_body(language, text, quotes):
    proposed = [
        [p.text, p.speaker or "", p.role or "", p.organisation or ""]
        for p in propose(text, language)
    ]
    assert proposed == quotes
