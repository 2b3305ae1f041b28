"""The search columns of quotes, equal to what the triggers would write.

PostgreSQL normalises and stems words. It is asked once for each piece of text between spaces: the
texts repeat a small vocabulary, and whole texts would take PostgreSQL three times as long.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import chain

from django.db import connection

from quotes.management.synthetic.rows import NULL

LEARN = """
SELECT piece, word, quotes_stemmed_as(%(language)s) || '/' || stems[1]
FROM unnest(%(pieces)s::text[]) piece, string_to_table(btrim(sources_bare(piece)), ' ') word,
    ts_lexize(quotes_dictionary(%(language)s), word) stems
WHERE word <> ''
"""


class SearchColumns:
    """Remembers the normalised words of each piece of text, each followed by its stem, by language.

    Stop words have None as their stem.
    """

    def __init__(self):
        self._known: dict[str, dict[str, list[str | None]]] = defaultdict(dict)

    def columns(self, said: Sequence[tuple[str, str]]) -> tuple[list[str], set[str]]:
        """`search_words` and `bare` of each (language, text), for COPY; and all words."""
        pieces = {key: key[1].split(" ") for key in said}
        for language in sorted({language for language, _ in said}):
            self._learn(language, [of for (tag, _), of in pieces.items() if tag == language])
        made, words = {}, set()
        for key, parts in pieces.items():
            found = [*chain.from_iterable(map(self._known[key[0]].__getitem__, parts))]
            bare, stems = found[::2], found[1::2]
            placed = [f"{stem}:{at}" for at, stem in enumerate(stems, 1) if stem]
            made[key] = f"{' '.join(placed)}\t{' '.join(['', *bare, ''])}"
            words.update(bare)
        return [made[key] for key in said], words

    def _learn(self, language: str, texts: list[list[str]]) -> None:
        """Look up the new pieces of these texts: one query if there are any."""
        known = self._known[language]
        new = {piece: [] for piece in chain.from_iterable(texts) if piece not in known}
        if new:
            tag = None if language == NULL else language
            with connection.cursor() as cursor:
                cursor.execute(LEARN, {"language": tag, "pieces": [*new]})
                for piece, *word_and_stem in cursor.fetchall():
                    new[piece] += word_and_stem
            known |= new
