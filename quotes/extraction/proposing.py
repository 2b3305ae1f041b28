"""The way from a text to its proposals, room by room."""

from quotes.extraction.appositions import role_after
from quotes.extraction.attribution import Attribution, Attributor
from quotes.extraction.chains import chain
from quotes.extraction.confidence import confidence_of
from quotes.extraction.coreference import Resolver, Speaker
from quotes.extraction.cues import CueFinder
from quotes.extraction.indirect import indirect_speech
from quotes.extraction.joining import groups, text_of
from quotes.extraction.languages import lexicon_for
from quotes.extraction.marks import inner, outer, passages
from quotes.extraction.neighbour_rules import AROUND, BACKWARD
from quotes.extraction.nested import inner_attributions
from quotes.extraction.offices import BEFORE, office_in
from quotes.extraction.people import Cast
from quotes.extraction.phrases import PERSON
from quotes.extraction.proposals import PrintedAttribution, Proposal, Reason
from quotes.extraction.sentence_rules import BY_VERB
from quotes.extraction.verbless_rules import TURNS, WITHOUT_VERB
from quotes.extraction.words import sentences

MAX_TEXT = 1_000_000  # code points that are read: two seconds; no article is longer
MAX_PASSAGES = 5_000  # in quote marks: a second; a book of half a million code points has as many
SAME_LENGTH = str.maketrans(
    {"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\t": " ", "‑": "-", "−": "–"}
)


def propose(text: str, language: str | None = None, *, indirect: bool = False) -> list[Proposal]:
    """Return the quotes of an article's text as proposals, in order.

    `indirect` adds reported speech without quote marks (kind `indirect`, or `mixed` if some words
    are in marks). The time is bounded: a text of no article is read as far as `MAX_TEXT`
    and `MAX_PASSAGES` go.
    """
    read = text[:MAX_TEXT].translate(SAME_LENGTH)
    lexicon = lexicon_for(read, language)
    found = passages(read, lexicon)
    if not found and not indirect:
        return []
    if len(found) > MAX_PASSAGES:
        read = read[: found[MAX_PASSAGES].open]
        found = [passage for passage in found[:MAX_PASSAGES] if passage.end <= len(read)]
    split = sentences(read, outer(found), lexicon)
    cast = Cast(read, split, lexicon)
    attributor = Attributor(read, split, lexicon, CueFinder(lexicon, cast.known))
    resolver = Resolver(read, cast, attributor)
    attributions = attributor.attribute(TURNS + BY_VERB + WITHOUT_VERB, AROUND, BACKWARD)
    quotes = groups(read, attributions)
    quotes += groups(read, inner_attributions(attributor, attributions, inner(found)))
    if indirect:
        quotes += [([attribution], kind) for attribution, kind in indirect_speech(attributor)]
    proposals = [_proposal(text, read, group, kind, resolver, cast) for group, kind in quotes]
    return sorted(proposals, key=lambda proposal: proposal.spans)


def _proposal(
    text: str, read: str, group: list[Attribution], kind: str, resolver: Resolver, cast: Cast
) -> Proposal:
    first = group[0]
    named = first.origin
    speaker = resolver.speaker(first)
    own = first if first.source is None else named if named in group else None
    printed = _printed(text, own, cast)
    confidence = confidence_of(read, first, speaker)
    return Proposal(
        spans=[(a.passage.start, a.passage.end) for a in group],
        text=text_of(text, group),
        kind=kind,
        speaker=speaker.name if speaker else None,
        speaker_kind=speaker.kind if speaker else "unknown",
        role=speaker.role if speaker else None,
        organisation=speaker.organisation if speaker else None,
        attribution=printed,
        via=chain(read, named, cast.known),
        confidence=confidence.to_json(),
        band=confidence.band,
        rule=first.rule,
        because=_because(named, speaker),
    )


def _printed(text: str, named: Attribution | None, cast: Cast) -> PrintedAttribution:
    if named is None or named.tokens is None:
        return PrintedAttribution(None, None, None, None, None)
    tokens, phrase, cue = named.tokens, named.phrase, named.cue
    if phrase is None:
        word = text[tokens[cue.start].start : tokens[cue.end - 1].end] if cue else None
        return PrintedAttribution(word, None, None, None, word)
    start, end = phrase.printed or (phrase.start, phrase.end)
    speaker = text[tokens[start].start : tokens[end - 1].end]
    word = text[tokens[cue.start].start : tokens[cue.end - 1].end] if cue else None
    office = None
    if phrase.kind == PERSON:
        if phrase.role:
            office = office_in(tokens, *phrase.role, BEFORE)
        after = role_after(tokens, phrase.name[1], len(tokens))
        if after:
            office = office_in(tokens, *after[0], BEFORE) or office
    role = text[office.start : office.end] if office else None
    body = text[office.body[0] : office.body[1]] if office and office.body else None
    begin, stop = tokens[phrase.start].start, tokens[phrase.end - 1].end
    if cue and 0 <= tokens[cue.start].start - stop < 200:
        stop = tokens[cue.end - 1].end
    elif cue and 0 <= begin - tokens[cue.end - 1].end < 40:
        begin = tokens[cue.start].start
    passage = named.passage
    if begin < passage.close and passage.open < stop:
        begin, stop = tokens[phrase.start].start, tokens[phrase.end - 1].end
    return PrintedAttribution(text[begin:stop], speaker, role, body, word)


def _because(named: Attribution, speaker: Speaker | None) -> list[Reason]:
    reasons = []
    tokens = named.tokens
    if tokens is not None and named.cue is not None:
        reasons.append(Reason(tokens[named.cue.start].start, tokens[named.cue.end - 1].end, "cue"))
    if tokens is not None and named.phrase is not None:
        start, end = named.phrase.printed or (named.phrase.start, named.phrase.end)
        reasons.append(Reason(tokens[start].start, tokens[end - 1].end, "speaker"))
    if speaker is not None and speaker.start >= 0:
        reasons.append(Reason(speaker.start, speaker.end, "full name"))
    if speaker is not None and speaker.office is not None:
        office = speaker.office
        reasons.append(Reason(office.start, office.end, "role"))
        if office.body is not None:
            reasons.append(Reason(*office.body, "organisation"))
    return sorted(reasons, key=lambda r: (r.start, r.end))
