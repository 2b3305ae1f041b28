"""The search columns of quotes, and the vocabulary, equal to what the triggers would write.

PostgreSQL normalises letters and stems words. It is asked once for each new word, because the
texts repeat a small vocabulary.
"""

from collections.abc import Iterable, Sequence
from itertools import chain, compress
from operator import add

from django.db import connection

from quotes.management.synthetic.rows import NULL
from quotes.search.tokens import learn_letters, words_of

MAX_WORDS = 1_000
"""Words of one text, far above the longest made here."""

_PLACES = [f":{n}" for n in range(1, MAX_WORDS + 1)]

CONFIGURED = """
SELECT quotes_search_config(tag)::text, quotes_stemmed_as(tag) FROM (VALUES (%s)) asked (tag)
"""
STEMMED = """
SELECT word, tsvector_to_array(to_tsvector(%s::regconfig, word)) FROM unnest(%s::text[]) word
"""
"""The same stems as `quotes_search_words`, five times as fast for single words."""


class SearchColumns:
    """Remembers the normalised words and stems of each piece of text between spaces, by language.

    Synthetic texts hold nothing that COPY must escape, and no marks that join words.
    """

    def __init__(self):
        # Stemming → piece → its normalised words, each followed by its stem ("" for a stop word)
        self._known: dict[tuple[str, str], dict[str, tuple[str, ...]]] = {}
        self._of_language: dict[str, dict[str, tuple[str, ...]]] = {}
        self._stemmed_as: dict[str, tuple[str, str]] = {}
        # Stemming → word → its stem, "" for a stop word
        self._stems: dict[tuple[str, str], dict[str, str]] = {}
        self._new: set[str] = set()

    def columns(self, said: Sequence[tuple[str, str]]) -> list[str]:
        """`search_words` and `bare` of each (language, text), tab-separated for COPY."""
        made = dict.fromkeys(said)
        unknown = self._make(made, made)
        for language in {language for language, _ in unknown}:
            self._learn(language, [text for tag, text in unknown if tag == language])
        self._make(unknown, made)
        return list(map(made.__getitem__, said))

    def new_words(self) -> set[str]:
        """The normalised words that are new since the last call."""
        new, self._new = self._new, set()
        return new

    def _make(self, texts: Iterable[tuple[str, str]], made: dict) -> list:
        """Fill in the columns of each text; return the texts with unknown pieces."""
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
        """Look up new letters and words of these texts, one query each."""
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
