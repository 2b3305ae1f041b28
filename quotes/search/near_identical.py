"""Quotes whose words are the same or nearly, wherever they were printed and whoever said them.

Each three words in a row of a text ("shingle") have a hash; a text's fingerprints are a quarter of
these, chosen by the hash itself, so that two texts that share words mostly share some. An index
holds the fingerprints of every quote. Here all shingles of a text are looked up in it, so that what
any part of it was quoted as is found too; what was found is compared word by word.
"""

from django.db import connection
from rapidfuzz import fuzz
from rapidfuzz.distance import Indel

from quotes.models import Quote
from sources.models.functions import Mentions

LEAST = 0.7
"""How alike two texts are at least, from 0 to 1, to be near-identical."""

FEW_WORDS = 12
"""A text of no more words is also looked for by all of them: of few shingles none may be kept."""

MOST_SHINGLES = 100
MOST_OF_ONE = 200
"""Shingles that are looked up, and quotes that are looked at for one of them: some are phrases that
everybody uses."""

COMPARED = 60
"""Quotes that are compared word by word: those that share the most."""

SHARING = """
SELECT found.id FROM unnest(
    (quotes_shingles(%s::text[], 0))[:%s]
) AS shingle CROSS JOIN LATERAL (
    SELECT visible.id FROM ({visible}) visible
    WHERE quotes_shingles(quotes_bare_words(visible.text), 3) @> ARRAY[shingle] LIMIT %s
) found
GROUP BY found.id ORDER BY count(*) DESC, found.id LIMIT %s
"""


def near_identical(quote: Quote, reader, limit: int = 5) -> list[tuple[Quote, float]]:
    """Other quotes that this user may see with the words of this one, or nearly; the likest first.

    The score is 1 for the same words, whatever their case, accents and marks. Words that stand
    whole in the other text score according to how much of it they are, but at least 0.75.
    """
    visible = Quote.objects.visible_to(reader).exclude(pk=quote.pk).order_by()
    words = _bare_words([quote.text])[0]
    if not words:
        return []
    sql, values = visible.values("id", "text").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            SHARING.format(visible=sql), [words, MOST_SHINGLES, *values, MOST_OF_ONE, COMPARED]
        )
        found = {key for (key,) in cursor.fetchall()}
    if len(words) <= FEW_WORDS:
        holding = visible.filter(Mentions("text", quote.text, whole=True))
        found |= set(holding.values_list("pk", flat=True)[:COMPARED])
    others = list(visible.filter(pk__in=found).select_related("speaker", "outlet", "article"))
    scored = []
    for other, others_words in zip(others, _bare_words([o.text for o in others]), strict=True):
        if (score := alike(words, others_words)) >= LEAST:
            scored.append((other, score))
    scored.sort(key=lambda pair: (-pair[1], pair[0].pk))
    return scored[:limit]


def alike(one: list[str], other: list[str]) -> float:
    """How alike two texts are, by their bare words: from 0 to 1."""
    short, long = sorted((" ".join(one), " ".join(other)), key=len)
    score = Indel.normalized_similarity(one, other)
    if min(len(one), len(other)) >= 3:
        part = fuzz.partial_ratio(short, long, score_cutoff=90) / 100
        score = max(score, part * (0.75 + 0.25 * len(short) / len(long)))
    return score


def _bare_words(texts: list[str]) -> list[list[str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT quotes_bare_words(text) FROM unnest(%s::text[]) WITH ORDINALITY AS t(text, n)"
            " ORDER BY n",
            [texts],
        )
        return [[word for word in words if word] for (words,) in cursor.fetchall()]
