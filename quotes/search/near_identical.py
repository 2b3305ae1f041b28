"""Near-identical quotes of any article and any speaker, for the review page.

The index of words that serves `like` finds candidates; these are compared word by word.
"""

from rapidfuzz import fuzz
from rapidfuzz.distance import Indel

from quotes.models import Quote
from quotes.search.phrase import Unusable
from quotes.search.similar import Like
from sources.models.words import words_in

MIN_SIMILARITY = 0.7
"""How similar near-identical texts are at least, from 0 to 1."""


def near_identical(quote: Quote, reader, limit: int = 5) -> list[tuple[Quote, float]]:
    """Other quotes that this user may see with nearly the words of this one, most similar first.

    The score is 1 for the same words, whatever their case, accents and marks. Words that are a part
    of the other text score by the length of the part, at least 0.75.
    """
    try:
        like = Like.read(quote.text, [quote.language])
    except Unusable:
        return []
    visible = Quote.objects.visible_to(reader).exclude(pk=quote.pk)
    candidates = like.candidates(visible, set(), {})
    scores = {key: similarity(like.words, words_in(bare)) for key, bare in candidates}
    ranked = sorted(scores, key=lambda key: (-scores[key], key))[:limit]
    quotes = visible.select_related("speaker", "outlet", "article").in_bulk(ranked)
    return [
        (quotes[key], scores[key])
        for key in ranked
        if key in quotes and scores[key] >= MIN_SIMILARITY
    ]


def similarity(one: list[str], other: list[str]) -> float:
    """How similar two texts are by their normalised words, from 0 to 1."""
    short, long = sorted((" ".join(one), " ".join(other)), key=len)
    score = Indel.normalized_similarity(one, other)
    if min(len(one), len(other)) >= 3:
        part = fuzz.partial_ratio(short, long, score_cutoff=90) / 100
        score = max(score, part * (0.75 + 0.25 * len(short) / len(long)))
    return score
