"""What searches read of each quote, and their vocabulary, as the triggers would keep them.

PostgreSQL says what becomes of letters and words. It is asked once for each that is new to this
process: texts are made of few words, met again and again.
"""

from collections.abc import Iterable, Sequence
from itertools import chain, compress
from operator import add

from django.db import connection

from quotes.management.synthetic.rows import NULL
from quotes.search.tokens import learn_letters, words_of

MOST_WORDS = 1_000
"""Of one text, far more than any made here has."""

_PLACES = [f":{n}" for n in range(1, MOST_WORDS + 1)]

CONFIGURED = """
SELECT quotes_search_config(tag)::text, quotes_stemmed_as(tag) FROM (VALUES (%s)) asked (tag)
"""
STEMMED = """
SELECT word, tsvector_to_array(to_tsvector(%s::regconfig, word)) FROM unnest(%s::text[]) word
"""
"""As `quotes_search_words` does, which takes five times as long for a word by itself."""


class Searched:
    """Knows what becomes of each piece of a text, between two spaces, in each language.

    Made texts hold nothing that has to be escaped, and no marks between letters that would make
    more of two words than each.
    """

    def __init__(self):
        # By how a language is stemmed and by piece: its bare words, each with its stem after it,
        # which is "" for a word that tells nothing
        self._known: dict[tuple[str, str], dict[str, tuple[str, ...]]] = {}
        self._of_language: dict[str, dict[str, tuple[str, ...]]] = {}
        self._stemmed_as: dict[str, tuple[str, str]] = {}
        # By how a language is stemmed: the stems of words, "" of those that tell nothing
        self._stems: dict[tuple[str, str], dict[str, str]] = {}
        self._new: set[str] = set()

    def columns(self, said: Sequence[tuple[str, str]]) -> list[str]:
        """`search_words` and `bare` of each language and text, as COPY reads them."""
        made = dict.fromkeys(said)
        unknown = self._make(made, made)
        for language in {language for language, _ in unknown}:
            self._learn(language, [text for tag, text in unknown if tag == language])
        self._make(unknown, made)
        return list(map(made.__getitem__, said))

    def new_words(self) -> set[str]:
        """The bare words that were met for the first time since this was asked last."""
        new, self._new = self._new, set()
        return new

    def _make(self, texts: Iterable[tuple[str, str]], made: dict) -> list:
        """Fill in what is made of each text; those with something that is not known."""
        unknown = []
        for key in texts:
            language, text = key
            try:
                known = self._of_language[language].__getitem__
                parts = list(chain.from_iterable(map(known, text.split(" "))))
            except KeyError:
                unknown.append(key)
                continue
            bare, stems = parts[::2], parts[1::2]
            placed = map(add, compress(stems, stems), compress(_PLACES, stems))
            made[key] = f"{' '.join(placed)}\t{' '.join(('', *bare, ''))}"
        return unknown

    def _learn(self, language: str, texts: list[str]) -> None:
        """Ask for what is new in these texts: one query for letters, one for words."""
        tag = None if language == NULL else language
        with connection.cursor() as cursor:
            if language not in self._of_language:
                cursor.execute(CONFIGURED, [tag])
                self._stemmed_as[language] = stemmed_as = cursor.fetchone()
                self._of_language[language] = self._known.setdefault(stemmed_as, {})
            known = self._of_language[language]
            configuration, prefix = self._stemmed_as[language]
            pieces = {piece for text in texts for piece in text.split(" ") if piece not in known}
            learn_letters(pieces)
            bare = {piece: words_of(piece) for piece in pieces}
            stems = self._stems.setdefault((configuration, prefix), {})
            new = {*chain.from_iterable(bare.values())} - stems.keys()
            self._new |= new
            cursor.execute(STEMMED, [configuration, sorted(new)])
            stems.update(
                (word, f"{prefix}/{stem[0]}" if stem else "") for word, stem in cursor.fetchall()
            )
        for piece, words in bare.items():
            known[piece] = tuple(chain.from_iterable((word, stems[word]) for word in words))
