"""Word lists: one schema, and an answer for every language tag."""

import tomllib

import pytest

from quotes.extraction import propose
from quotes.extraction.languages import FOLDER, LANGUAGES, lexicon_for

FILES = sorted(FOLDER.glob("*.toml"))


def schema_of(path) -> dict:
    file = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        key: {name: type(words) for name, words in value.items()}
        if isinstance(value, dict)
        else type(value)
        for key, value in file.items()
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_language_has_the_same_lists(path):
    assert schema_of(path) == schema_of(FOLDER / "en.toml")


def test_there_is_a_file_for_each_language_and_none_besides():
    assert [path.stem for path in FILES] == sorted(LANGUAGES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_pair_of_marks_is_two_signs(path):
    file = tomllib.loads(path.read_text(encoding="utf-8"))
    assert all(len(pair) == 2 for pair in [*file["marks"], *file["inner_marks"]])


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("en-GB", "en"),
        ("DE", "de"),
        ("pt-BR", "pt"),
        ("nb", "no"),
        ("nn-NO", "no"),
        ("es-419", "es"),
    ],
)
def test_a_language_tag_leads_to_its_list(tag, language):
    assert lexicon_for("", tag).language == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The council said that it would not pay for the bridge.", "en"),
        ("Der Rat sagte, dass er die Brücke nicht bezahlen wird.", "de"),
        ("Le conseil a dit qu'il ne paierait pas le pont de la ville.", "fr"),
        ("El consejo dijo que no pagará el puente de la ciudad.", "es"),
        ("O conselho disse que não vai pagar a ponte da cidade.", "pt"),
        ("Il consiglio ha detto che non pagherà il ponte della città.", "it"),
        ("De raad zei dat hij de brug niet zal betalen.", "nl"),
        ("Rådet sa att det inte ska betala för bron och vägen.", "sv"),
        ("Rådet sa at de ikke skal betale for broen og veien.", "no"),
    ],
)
@pytest.mark.parametrize("tag", [None, "xx", "tlh-Latn"])
def test_an_unknown_language_is_told_by_its_everyday_words(text, language, tag):
    assert lexicon_for(text, tag).language == language


def test_a_text_of_an_unknown_language_is_read_all_the_same():
    [proposal] = propose("“Die Brücke ist sicher”, sagte Hanna Brandt.", "xx")
    assert proposal.speaker == "Hanna Brandt"
