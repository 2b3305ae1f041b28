"""Rules that attribute a passage by the cues of its own sentence, in the order of trust.

In: the attributor, a sentence and the position of a passage. Out: an attribution or none.
"""

from dataclasses import replace

from quotes.extraction.attribution import Attribution, Attributor, Rules
from quotes.extraction.languages import Tag
from quotes.extraction.phrases import (
    PERSON,
    PRONOUN,
    Phrase,
    is_adverb,
    phrase_after,
)
from quotes.extraction.subjects import ACCORDING, FINITE, PASSIVE, Cue
from quotes.extraction.words import QUOTE, WORD, Sentence, Token

MIN_SPLIT_WORDS = 4  # of the second part of a split quote that no comma sets off
MAX_HEARER_TOKENS = 8  # between "told" and a passage: "told a crowd of supporters in Leeds that"
FRAGMENT_REACH = 12  # tokens from "described" to its passage
WEAK_REACH = 3  # tokens from "found" or "felt" to its passage
RELATIVE_REACH = 4  # tokens from a verb in "who called it …" to its passage
STRONG_REACH = 60
NAME_AFTER_CUE = 26  # tokens from a passage to the verb after its speaker
BACK_SENTENCES = 3  # to the last speaker, for a verb without subject
PAUSE = frozenset([",", "-", "–", "—", ")", "]"])


def quote_cue_name(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """ "…," said Ann Lee"""
    tokens = sentence.tokens
    if it.is_title(tokens[at].passage) if at else it.is_name(sentence, at):
        return None
    k = _past_pause(tokens, at + 1)
    if k < len(tokens) and tokens[k].tags & Tag.AUX and not it.lexicon.s_marks_verbs:
        return _auxiliary_first(it, sentence, at, k)
    for cue in it.cues(sentence):
        if cue.start < k:
            continue
        if cue.start > k + 1 or (cue.start > k and not is_adverb(tokens[k])):
            return None
        if cue.form not in (FINITE, PASSIVE):
            return None
        subject = it.subjects.inverted(tokens, cue)
        if subject is None and it.lexicon.dropped_subjects and cue.form == FINITE:
            return _same_speaker(it, sentence, at, cue)
        if subject is None or not cue.tags & (Tag.STRONG | Tag.FRAGMENT):
            return None
        if _is_hearer(tokens, cue, subject):
            return None
        cue.subject, cue.after, cue.bridge = subject, True, "next"
        return it.by_cue(sentence, at, cue)
    return None


def _same_speaker(it: Attributor, sentence: Sentence, at: int, cue: Cue) -> Attribution:
    """ "…", afirmou. (whoever spoke last, or nobody who is named)"""
    source = it.made.get(it.before.get(sentence.tokens[at].passage.start))
    if source is not None:
        return it.taken_over(sentence, at, source)
    for k in range(sentence.index - 1, max(-1, sentence.index - 1 - BACK_SENTENCES), -1):
        for earlier in reversed(it.cues(it.sentences[k])):
            if earlier.subject is not None and earlier.strong:
                return it.by_cue(sentence, at, earlier, it.sentences[k])
    return it.by_cue(sentence, at, cue)


def _auxiliary_first(it: Attributor, sentence: Sentence, at: int, k: int) -> Attribution | None:
    """ "…", hatte Ann Lee gesagt; "…", a déclaré Ann Lee; "…", a-t-elle dit"""
    tokens = sentence.tokens
    for cue in it.cues(sentence):
        if cue.start <= k or not cue.tags & Tag.STRONG or cue.form == ACCORDING:
            continue
        if cue.start > k + NAME_AFTER_CUE:
            return None
        after = cue.start == k + 1
        start = k + 1
        subject = (
            it.subjects.inverted(tokens, cue) if after else phrase_after(tokens, start, it.known)
        )
        if subject is None:
            return None
        return it.by_cue(sentence, at, replace(cue, subject=subject, after=after, bridge="next"))
    return None


def _is_hearer(tokens: list[Token], cue: Cue, subject: Phrase) -> bool:
    """Whether the noun after a cue is told, and the speaker stands elsewhere."""
    after = tokens[subject.end] if subject.end < len(tokens) else None
    return after is not None and (bool(after.tags & Tag.AUX) or after.text == ":") and cue.start > 1


def quote_name_cue(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """ "…," Ann Lee, the mayor of Leeds, said"""
    tokens = sentence.tokens
    passage = tokens[at].passage
    k = _past_pause(tokens, at + 1)
    closed = k > at + 1 or it.text[passage.end - 1] in ",?!.…" or passage.close - passage.end > 1
    if not closed and not (at == 0 and it.is_speech(passage)):
        return None
    if at > 0 and it.is_title(passage):
        return None
    nearby = (q for q in range(at + 1, min(len(tokens), at + NAME_AFTER_CUE)))
    limit = next(
        (q for q in nearby if tokens[q].kind == QUOTE and not _short(tokens[q])), len(tokens)
    )
    for cue in it.cues(sentence):
        if cue.start <= at:
            continue
        if cue.start >= limit or cue.start > at + NAME_AFTER_CUE:
            return None
        if (
            cue.subject is None
            or cue.after
            or cue.relative
            or (not cue.strong and not _comma_before(it, tokens, at))
        ):
            continue
        if cue.subject.start < k or not _opens(tokens, k, cue.subject.start):
            continue
        if cue.form == PASSIVE:
            continue
        return it.by_cue(sentence, at, cue)
    return None


def quote_unknown_verb(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """ "…!" beamed Ann Lee: a verb that no list has, where only one of saying can stand"""
    tokens, passage = sentence.tokens, sentence.tokens[at].passage
    if it.text[passage.end - 1] not in ",?!" or at + 2 >= len(tokens):
        return None
    verb = at + 1
    if _may_be_verb(tokens[verb]):
        phrase = phrase_after(tokens, verb + 1, it.known)
    else:
        phrase = phrase_after(tokens, verb, it.known)
        verb = phrase.end if phrase is not None else len(tokens)
        if verb >= len(tokens) or not _may_be_verb(tokens[verb]):
            return None
    if phrase is None or phrase.kind not in (PERSON, PRONOUN):
        return None
    return it.by_cue(sentence, at, Cue(verb, verb + 1, Tag.STRONG, FINITE, phrase))


def _may_be_verb(token: Token) -> bool:
    return token.low.endswith("ed") and not token.tags and not token.cap


def _short(token: Token) -> bool:
    return token.passage.end - token.passage.start < 30


def _comma_before(it: Attributor, tokens: list[Token], at: int) -> bool:
    passage = tokens[at].passage
    return it.text[passage.end - 1] in ",?!" or (
        at + 1 < len(tokens) and tokens[at + 1].text == ","
    )


def _opens(tokens: list[Token], k: int, start: int) -> bool:
    """Whether nothing but a role or adverb stands between a passage and its speaker."""
    between = tokens[k:start]
    return len(between) <= 24 and not any(
        (t.tags & (Tag.AUX | Tag.CUE | Tag.RELATIVE) and not t.tags & (Tag.NOUN_TOO | Tag.ROLE))
        or t.kind == QUOTE
        or (i == 0 and t.tags & Tag.CONJUNCTION and not t.tags & (Tag.ADVERB | Tag.BEFORE_FRAGMENT))
        for i, t in enumerate(between)
    )


def quote_according(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """ "…", according to the police; According to the police, … "…" """
    tokens = sentence.tokens
    best = None
    for cue in it.cues(sentence):
        if cue.form != ACCORDING or cue.subject is None:
            continue
        if cue.start > at and not any(
            at < q < cue.start for q in sentence.quotes if not _short(tokens[q])
        ):
            if it.is_name(sentence, at):
                return None
            return it.by_cue(sentence, at, cue)
        if cue.start < at:
            best = cue
    nearer = best and any(
        best.start < c.start < at and c.subject is not None and c.strong and not c.relative
        for c in it.cues(sentence)
    )
    if best is None or nearer or it.is_name(sentence, at):
        return None
    return it.by_cue(sentence, at, best)


def name_cue_quote(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """Ann Lee said: "…" """
    tokens = sentence.tokens
    cue = _nearest(it, sentence, at)
    if cue is None:
        return None
    between = [t for t in tokens[cue.end : at] if not is_adverb(t)]
    set_off = bool(between) and between[-1].text in (",", ":")
    if len(between) > (
        MAX_HEARER_TOKENS + 10 if set_off and between[-1].text == ":" else MAX_HEARER_TOKENS
    ):
        return None
    if between and not set_off and any(t.text in (",", ";") for t in between):
        return None
    if not between and not cue.strong and it.is_title(tokens[at].passage):
        return None
    if not set_off and not (cue.strong and len(between) <= 1):
        return None
    if not set_off and it.is_title(tokens[at].passage):
        return None
    if set_off and between[-1].text == "," and it.is_name(sentence, at):
        return None
    if cue.form == PASSIVE and cue.subject is None:
        return None
    return it.by_cue(sentence, at, cue)


def _nearest(it: Attributor, sentence: Sentence, at: int) -> Cue | None:
    """The last cue before a passage that has a subject and whose clause reaches it."""
    tokens = sentence.tokens
    candidates = [
        c
        for c in it.cues(sentence)
        if c.end <= at and c.form != ACCORDING and c.subject is not None
    ]
    for cue in reversed(candidates):
        if cue.subject.end > at or reads_only(tokens, cue):
            continue
        if cue.relative and at - cue.end > RELATIVE_REACH and len(candidates) > 1:
            continue
        if not _reaches(tokens, cue, at):
            continue
        outer = _outer(it, tokens, cue, candidates)
        return outer if outer is not None and _reaches(tokens, outer, at) else cue
    return None


def _outer(it: Attributor, tokens: list[Token], cue: Cue, candidates: list[Cue]) -> Cue | None:
    """The verb that reports another: "said" in "Ann Lee said she believed the plan was …"."""
    start = cue.subject.start
    for outer in reversed(candidates):
        if outer.end > start or outer is cue or not outer.strong:
            continue
        between = [t for t in tokens[outer.end : start] if t.low != "that" and not is_adverb(t)]
        if any(t.tags & Tag.AND or t.kind == QUOTE or t.text == ";" for t in between):
            return None
        spoken = cue.subject.kind == PRONOUN and not between
        if cue.tags & Tag.MENTAL or spoken:
            return outer
        return None
    return None


def reads_only(tokens: list[Token], cue: Cue) -> bool:
    """Whether a verb cites only if a document is its subject: "the sign reads"."""
    if not cue.tags & Tag.DOCUMENT_ONLY or cue.subject is None or cue.tags & Tag.FRAGMENT:
        return False
    head = tokens[cue.subject.head]
    return not head.tags & (Tag.DOCUMENT | Tag.STATEMENT)


def _reaches(tokens: list[Token], cue: Cue, at: int) -> bool:
    distance = at - cue.end
    if tokens[at - 1].text == ":":
        return distance <= STRONG_REACH
    near = tokens[max(cue.end, at - 2) : at]
    loose = not cue.tags & Tag.STRONG or cue.tags & Tag.WEAK
    if loose and distance < STRONG_REACH and any(t.tags & Tag.BEFORE_FRAGMENT for t in near):
        return not any(t.text == ";" for t in tokens[cue.end : at])
    if cue.tags & Tag.WEAK:
        return distance <= WEAK_REACH or (tokens[at - 1].text == ":" and distance < 12)
    if not cue.tags & Tag.STRONG:
        commas = sum(t.text == "," for t in tokens[cue.end : at])
        return distance <= FRAGMENT_REACH and commas <= 1
    return distance <= STRONG_REACH


def in_clause(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """Ann Lee said the plan was "a mess" and called it "unfair" """
    tokens = sentence.tokens
    cue = _nearest(it, sentence, at)
    if cue is None or (not sentence.headline and it.is_name(sentence, at)):
        return None
    if cue.negated and cue.tags & Tag.FRAGMENT:
        return None
    few = it.words(tokens[at].passage).count(" ") < MIN_SPLIT_WORDS - 1
    few = few and not it.lexicon.verb_second
    if few and cue.after and cue.form == FINITE and tokens[at - 1].text not in (",", ":"):
        return None  # said Ann Lee, who calls it "x": the reporter's words again
    if not cue.strong and _is_modifier(tokens, at) and at - cue.end > 3:
        return None
    return it.by_cue(sentence, at, cue)


def _is_modifier(tokens: list[Token], at: int) -> bool:
    """Whether a passage stands as an adjective: a "clean sheet" rule."""
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    before = tokens[at - 1] if at else None
    return (
        before is not None
        and bool(before.tags & (Tag.DETERMINER | Tag.POSSESSIVE))
        and after is not None
        and after.kind == WORD
        and not after.tags
    )


def trailing_cue(it: Attributor, sentence: Sentence, at: int) -> Attribution | None:
    """The plan is "a mess", full of holes, Ann Lee said."""
    tokens = sentence.tokens
    for cue in reversed(it.cues(sentence)):
        if cue.start <= at:
            return None
        if not cue.strong or cue.subject is None or cue.relative or cue.form == PASSIVE:
            continue
        first = cue.start if cue.after else cue.subject.start
        if first <= at or first == 0:
            continue
        if not _comma_near(tokens, first) or any(
            q > cue.end for q in sentence.quotes if cue.end < q
        ):
            continue
        if len(tokens) - cue.end > 20 or any(
            t.low == "that" for t in tokens[cue.end : cue.end + 2]
        ):
            continue
        if it.is_name(sentence, at):
            return None
        return it.by_cue(sentence, at, cue)
    return None


def _comma_near(tokens: list[Token], first: int) -> bool:
    """Whether a comma or passage stands before a speaker, with at most a role between."""
    for k in range(first - 1, max(-1, first - 14), -1):
        if tokens[k].text == "," or tokens[k].kind == QUOTE:
            return True
        if tokens[k].tags & (Tag.AUX | Tag.CONJUNCTION):
            return False
    return False


def _past_pause(tokens: list[Token], k: int) -> int:
    while k < len(tokens) and tokens[k].text in PAUSE:
        k += 1
    if k + 1 < len(tokens) and tokens[k].text == "(":
        for i in range(k, min(len(tokens), k + 8)):
            if tokens[i].text == ")":
                return _past_pause(tokens, i + 1)
    return k


BY_VERB: Rules = (
    ("quote, cue, name", quote_cue_name),
    ("quote, name, cue", quote_name_cue),
    ("name, cue, quote", name_cue_quote),
    ("quote, unknown verb", quote_unknown_verb),
    ("according to", quote_according),
    ("cue inside a clause", in_clause),
    ("trailing cue", trailing_cue),
)
# Inside a quote, only a verb right beside the passage tells whose words it is
NESTED: Rules = (
    ("quote, cue, name", quote_cue_name),
    ("quote, name, cue", quote_name_cue),
    ("name, cue, quote", name_cue_quote),
)
