"""Whom the name of a speaker means: a record, a new one, or one that is the article's own.

Joining two people is defamation, a double is a nuisance. So a full name, or what is a body's by
evidence, matches a record of the archive only if nothing contradicts it. Any other name means
somebody within its article: one of the speakers of that filing, or the article's own record.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from itertools import islice

from django.db.models import Exists, OuterRef, Q

from quotes.filing.evidence import Evidence, Verdict, bodies_of, is_one
from quotes.filing.types import Candidate, QuoteChange, add_flag, is_in
from quotes.models import Quote
from sources.database.locks import lock_all
from sources.identity.matching import Register
from sources.identity.names import Name, NameKind, parse, plain, words
from sources.models import Organisation, Speaker
from sources.models.functions import NameKey
from sources.models.ids import as_uuid

MAX_CANDIDATES = 5
"""Speakers of one quote that the answer to a filing names."""

MAX_PLACES = 200
"""Places of one surname that are looked at in a text."""

TITLE_REACH = 60
"""Code points before a surname in which its titles and given names are looked for."""

Flag, Kind = Quote.Flag, Speaker.Kind

SHORT = (NameKind.SINGLE, NameKind.TITLED)


class Speakers:
    """The speakers that the names of a batch of filings may mean: six queries at most."""

    def __init__(self, changes: list[QuoteChange], organisations: Register):
        self.organisations = organisations
        names = {name for change in changes if (name := name_of(change))}
        named = {key for name in names if (key := as_uuid(name))}
        self.records = (
            Speaker.objects.filter(members=[])  # a name with "and" is no joint statement
            .select_related("organisation")
            .prefetch_related("affiliations__organisation")
            .annotate(
                is_joined=Exists(  # a curator has joined records of this name
                    Speaker.objects.filter(
                        merged_into=OuterRef("pk"),
                        article=None,
                        names_folded__contains=[NameKey(OuterRef("name"))],
                    )
                )
            )
        )
        records = self.records.filter(Q(article=None) | Q(pk__in=named))
        shared = {name for c in changes if (name := name_of(c)) and self.may_be_shared(c, name)}
        self.register = Register(records, {*shared, *map(str, named)})
        self.marked = Register(records, names - shared, column="identifies_folded")
        self.keys = self.register.folded | self.marked.folded
        self.own: dict[tuple, list[Speaker]] = defaultdict(list)  # of an article, by its id
        self._find_own(changes)
        self.tied: dict[tuple, Speaker] = {}  # bodies, and their spokespersons
        self._find_tied(changes)
        self.evidence = Evidence(
            speaker
            for change in changes
            if (name := name_of(change)) and bodies_of(change)
            for speaker in self.called(name)
        )
        self.raised: dict[object, Speaker] = {}

    def may_be_shared(self, change: QuoteChange, name: str) -> bool:
        """Whether a name can mean somebody in all articles: a full name, or a body's."""
        is_body = change.proposal.get("speaker_kind") == Kind.ORGANISATION
        return read(change, name).identifies or is_body or bool(self.organisations.called(name))

    def called(self, name: str) -> list[Speaker]:
        return self.register.called(name) or self.marked.called(name)

    def is_called(self, speaker: Speaker, name: str) -> bool:
        """Whether a record has this name already: those that were just made have no keys yet."""
        if speaker._state.adding:
            return speaker.name == name or speaker in self.register.called(name)
        return self.keys.get(name) in speaker.names_folded

    def hold(self, changes: Iterable[QuoteChange]) -> None:
        """Lock the names that may be made, then read what others have just created."""
        changes = list(changes)
        self.register.hold(change.proposal["speaker"] for change in changes)
        self.evidence.read(speaker for c in changes for speaker in self.called(name_of(c)))
        ties = {
            f"{Speaker._meta.label}:{change.quote.organisation.pk}"
            for change in changes
            if change.quote.organisation
        }
        if ties:
            lock_all(ties)
            self._find_tied(changes)

    def make(self, name: str, **values) -> Speaker:
        speaker = self.register.model(name=name, **values)
        self.register.made.append(speaker)
        return speaker

    def make_shared(self, name: str, **values) -> Speaker:
        return self.register.make(name, **values)

    def raise_kind(self, speaker: Speaker, kind: str | None, tie: Organisation | None) -> None:
        """Raise an unknown kind to what later evidence says."""
        if speaker.kind != Kind.UNKNOWN or kind in (None, Kind.UNKNOWN):
            return
        speaker.kind = kind
        if kind == Kind.ORGANISATION and tie:
            speaker.organisation = tie
        if not speaker._state.adding:
            self.raised[speaker.pk] = speaker

    def save(self) -> None:
        self.register.save_made()
        if self.raised:
            Speaker.objects.bulk_update(self.raised.values(), ["kind", "organisation"])

    def _find_own(self, changes: list[QuoteChange]) -> None:
        articles = {c.filing.article.pk for c in changes if not c.filing.is_new}
        if articles and self.marked.folded:
            for speaker in self.records.active().filter(article__in=articles).order_by("pk"):
                self.own[speaker.article_id].append(speaker)

    def _find_tied(self, changes: list[QuoteChange]) -> None:
        bodies = {c.quote.organisation.pk for c in changes if c.quote.organisation}
        for name in self.organisations.folded:
            bodies.update(body.pk for body in self.organisations.called(name))
        if not bodies:
            return
        found = self.records.active().filter(article=None, organisation__in=bodies)
        found = found.filter(kind__in=(Kind.ORGANISATION, Kind.UNNAMED))
        for speaker in found.order_by("-pk"):
            if speaker.kind == Kind.ORGANISATION or parse(speaker.name).is_spokesperson:
                self.tied[speaker.organisation_id, speaker.kind] = speaker


def read(change: QuoteChange, name: str) -> Name:
    """What a name says in the language of its article."""
    return parse(name, change.filing.article.language)


def name_of(change: QuoteChange) -> str | None:
    """The name that says who speaks: filed, or only printed."""
    return change.proposal.get("speaker") or change.quote.attribution_speaker


def match_speakers(changes: list[QuoteChange], organisations: Register) -> Speakers:
    """Set the speaker of each quote: first by names that identify, then by the others."""
    known = Speakers(changes, organisations)
    known.hold(
        change
        for change in changes
        if (name := change.proposal.get("speaker"))
        and not as_uuid(name)
        and len(_fitting(change, name, known)[0]) != 1
    )
    short = []
    for change in changes:
        change.quote.organisation = change.quote.organisation  # copies the id it has just got
        name = change.proposal.get("speaker")
        if name and not as_uuid(name) and not known.may_be_shared(change, name):
            short.append(change)
        elif name:
            _match_filed(change, name, known)
        elif name_of(change) and not known.may_be_shared(change, name_of(change)):
            short.append(change)
        else:
            _match_printed(change, known)
    for change in short:
        if change.proposal.get("speaker"):
            _match_filed(change, change.proposal["speaker"], known)
        else:
            _match_printed(change, known)
    known.save()
    for change in changes:
        change.quote.speaker = change.quote.speaker
    return known


def _match_filed(change: QuoteChange, name: str, known: Speakers) -> None:
    quote = change.quote
    if key := as_uuid(name):
        quote.speaker, change.filed.speaker = known.register.by_id(key), "matched"
    elif quote.speaker and known.is_called(quote.speaker, name):
        change.filed.speaker = "kept"
    else:
        _match_name(change, name, known)
    change.filing.speakers.append(quote.speaker)
    known.evidence.learn(change, quote.speaker)
    if not quote.organisation and quote.speaker.organisation:
        quote.organisation = quote.speaker.organisation


def _match_printed(change: QuoteChange, known: Speakers) -> None:
    """Resolve a name given only as printed, which makes nobody."""
    if not (change.is_new or "speaker" in change.taken):
        if change.quote.speaker:
            change.filed.speaker = "kept"
        return
    change.quote.speaker = None
    if not (printed := change.quote.attribution_speaker):
        return
    if known.may_be_shared(change, printed) or known.marked.called(printed):
        verdicts = {
            speaker: known.evidence.verdict(change, speaker, change.when)
            for speaker in known.called(printed)
            if speaker.kind in (Kind.PERSON, Kind.UNKNOWN)
        }
        found = [one for one, verdict in verdicts.items() if verdict != Verdict.CONTRADICTS]
    else:
        found = _in_filing(change, printed)
    if len(found) == 1:
        change.quote.speaker, change.filed.speaker = found[0], "matched"
        known.evidence.learn(change, found[0])
        return
    change.filed.speaker = "unresolved"
    add_flag(change.quote, Flag.UNRESOLVED_SPEAKER)
    _name_candidates(change, printed, found, known)


# One name


def _match_name(change: QuoteChange, name: str, known: Speakers) -> None:
    parsed = read(change, name)
    kind, tie = kind_of(change, name, known)
    is_marked = len(_fitting(change, name, known)[0]) == 1
    if is_marked or known.may_be_shared(change, name):
        _match_shared(change, name, known)
    elif parsed.is_spokesperson and change.quote.organisation:
        _match_tied(change, name, Kind.UNNAMED, change.quote.organisation, known)
    elif parsed.kind in SHORT and kind != Kind.UNNAMED:
        found = _in_filing(change, name)
        if len(found) == 1:
            (change.quote.speaker,) = found
            change.filed.speaker = "matched"
            return
        _match_own(change, name, kind, None, known)
        change.filed.speaker = "unresolved"
        add_flag(change.quote, Flag.UNRESOLVED_SPEAKER)
        _name_candidates(change, name, found, known)
    else:
        _match_own(change, name, kind, tie, known)


def _match_shared(change: QuoteChange, name: str, known: Speakers) -> None:
    quote, filing = change.quote, change.filing
    kind, tie = kind_of(change, name, known)
    is_body = kind == Kind.ORGANISATION and tie in known.organisations.called(name)
    if is_body and not known.register.called(name):
        _match_tied(change, name, kind, tie, known)
        return
    found, contradicting = _fitting(change, name, known)
    if len(found) == 1:
        (quote.speaker,) = found
        change.filed.speaker = "made" if quote.speaker._state.adding else "matched"
        known.raise_kind(quote.speaker, kind, tie)
        verdict = known.evidence.verdict(change, quote.speaker, change.when)
        if verdict == Verdict.NEW_ORGANISATION:
            add_flag(quote, Flag.CHECK_SPEAKER)
    else:
        tied = kind not in (Kind.PERSON, Kind.UNKNOWN)
        quote.speaker = known.make_shared(name, kind=kind, organisation=tie if tied else None)
        change.filed.speaker = "made"
        if found or contradicting:
            filing.homonyms.append(quote.speaker)
            _name_candidates(change, name, [*found, *contradicting], known)
    if is_in(quote.speaker, filing.homonyms):
        change.filed.speaker = "ambiguous"
        add_flag(quote, Flag.AMBIGUOUS_SPEAKER)


def _match_tied(
    change: QuoteChange, name: str, kind: str, tie: Organisation, known: Speakers
) -> None:
    """The body itself, or its one spokesperson in all articles."""
    speaker = known.tied.get((tie.pk, kind))
    if speaker is None:
        name = tie.name if kind == Kind.ORGANISATION else name
        speaker = known.make(name, kind=kind, organisation=tie)
        known.tied[tie.pk, kind] = speaker
    change.quote.speaker = speaker
    change.filed.speaker = "made" if speaker._state.adding else "matched"


def _match_own(
    change: QuoteChange, name: str, kind: str, tie: Organisation | None, known: Speakers
) -> None:
    """The speaker of this name that is the article's own."""
    article, key = change.filing.article, known.keys.get(name)
    tie = tie if kind not in (Kind.PERSON, Kind.UNKNOWN) else None
    for speaker in known.own[article.pk]:
        same = speaker.own_key == key if speaker._state.adding else key in speaker.names_folded
        if same and (tie is None or speaker.organisation in (None, tie)):
            change.quote.speaker = speaker
            change.filed.speaker = "made" if speaker._state.adding else "matched"
            known.raise_kind(speaker, kind, tie)
            return
    speaker = known.make(name, kind=kind, organisation=tie, article=article)
    speaker.own_key = key
    known.own[article.pk].append(speaker)
    change.quote.speaker, change.filed.speaker = speaker, "made"


def kind_of(change: QuoteChange, name: str, known: Speakers) -> tuple[str, Organisation | None]:
    """The kind of speaker that the evidence says, and the organisation that it is tied to.

    The filer's word counts first, then an organisation on record, then the name, then what only
    persons have: a role, or a pronoun or personal title in print.
    """
    said, organisation = change.proposal.get("speaker_kind"), change.quote.organisation
    named = known.organisations.called(name)
    if said in (None, Kind.ORGANISATION, Kind.UNKNOWN) and named:
        return Kind.ORGANISATION, named[0] if len(named) == 1 else organisation
    if said and said != Kind.UNKNOWN:
        return said, organisation
    parsed = read(change, name)
    if parsed.speaker_kind in (None, Kind.PERSON) and words()["conjunctions"] & {*parsed.words}:
        return Kind.UNKNOWN, organisation  # a joint statement filed as one name, or a firm
    if parsed.speaker_kind:
        return parsed.speaker_kind, organisation
    if parsed.kind in (NameKind.FULL, NameKind.SINGLE) and _is_person(change):
        return Kind.PERSON, organisation
    return Kind.UNKNOWN, organisation


def _is_person(change: QuoteChange) -> bool:
    quote, personal = change.quote, words()
    if quote.role or quote.attribution_role:
        return True
    if not (printed := quote.attribution_speaker):
        return False
    first = read(change, printed)
    return first.speaker_kind == Kind.PERSON or bool(personal["personal_pronouns"] & {*first.words})


def _fitting(
    change: QuoteChange, name: str, known: Speakers
) -> tuple[list[Speaker], list[Speaker]]:
    """Speakers of this name whom nothing contradicts, and those of the kind whom something does."""
    kind, tie = kind_of(change, name, known)
    said = change.proposal.get("speaker_kind")
    found, contradicting, agreeing = [], [], []
    for speaker in known.called(name):
        if not _may_be_of_kind(speaker, said, tie, change):
            continue
        if speaker.kind in (Kind.PERSON, Kind.UNKNOWN):
            verdict = known.evidence.verdict(change, speaker, change.when)
            if verdict == Verdict.CONTRADICTS:
                contradicting.append(speaker)
                continue
            if verdict == Verdict.AGREES:
                agreeing.append(speaker)
        found.append(speaker)
    if len(found) > 1:
        # A guessed kind only prefers; the filer's `speaker_kind` has already excluded.
        found = [one for one in found if one.kind == kind] or found
    if len(found) > 1:
        found = [one for one in found if is_in(one, agreeing)] or found
    if len(found) > 1:
        # Within one article, a name means one speaker.
        found = [one for one in found if is_in(one, change.filing.speakers)] or found
    return found, contradicting


def _may_be_of_kind(
    speaker: Speaker, said: str | None, tie: Organisation | None, change: QuoteChange
) -> bool:
    if speaker.article_id not in (None, change.filing.article.pk):
        return False
    if said not in (None, Kind.UNKNOWN) and speaker.kind not in (said, Kind.UNKNOWN):
        return False
    if speaker.kind in (Kind.PERSON, Kind.UNKNOWN):
        return True
    if speaker.kind in (Kind.ORGANISATION, Kind.COLLECTIVE):
        return tie is None or speaker.organisation in (None, tie)
    if tie is None:
        return speaker.organisation is None
    return speaker.organisation == tie


# Within one article


def _in_filing(change: QuoteChange, name: str) -> list[Speaker]:
    """The speakers of this filing whose full name a surname is short for, if it can mean only one.

    Two titles with the word in the text ("Mr and Mrs Jones") are two people.
    """
    short, filing = read(change, name), change.filing
    if len(_titles_in_text(change, name)) > 1:
        return []
    found = []
    for speaker in _speakers_of(filing):
        full = [parse(each) for each in (speaker.name, *speaker.aliases)]
        if any(short.may_be_short_for(each) for each in full) and not is_in(speaker, found):
            found.append(speaker)
    return found


def _speakers_of(filing) -> list[Speaker]:
    others = [filed.quote.speaker for filed in filing.quotes if filed.quote.speaker_id]
    return [*filing.speakers, *others]


def _titles_in_text(change: QuoteChange, name: str) -> set[str]:
    """The titles that the text and this name put before a surname."""
    titles = words()["titles"]
    found = set(read(change, name).titles[-1:]) & titles
    for before in _before(change, name):
        last = [plain(word).replace(".", "") for word in before.split()[-3:]]
        found |= set(last[-1:]) & titles
        if last[-2:-1] and last[-2] in words()["conjunctions"]:  # "Mr and Mrs Jones"
            found |= set(last[:1]) & titles
    return found


def _before(change: QuoteChange, name: str) -> list[str]:
    """What stands before each place of a surname in the text, as far as a title can reach."""
    text, surname = change.filing.page.text if change.filing.page else "", _surname(change, name)
    places = islice(re.finditer(rf"\b{re.escape(surname)}\b", text), MAX_PLACES)
    return [text[max(0, place.start() - TITLE_REACH) : place.start()] for place in places]


def _surname(change: QuoteChange, name: str) -> str:
    """The words of a short name without its titles, as they are printed."""
    return " ".join(name.split()[-len(read(change, name).words) :])


def _name_candidates(change: QuoteChange, name: str, found: list[Speaker], known: Speakers) -> None:
    """Name those who may be meant, and why, in the answer to the filing."""
    candidates = [Candidate(one, _why(change, one, name, known)) for one in found]
    if read(change, name).kind in SHORT:
        for full in _fuller_names(change, name):
            if all(candidate.speaker.name != full for candidate in candidates):
                stand_in = Speaker(id=None, name=full, kind=Kind.UNKNOWN)
                candidates.append(Candidate(stand_in, "The text has this fuller name."))
    change.filed.candidates = candidates[:MAX_CANDIDATES]


def _fuller_names(change: QuoteChange, name: str) -> list[str]:
    """Full names in the text that end in this surname: one or two capitalised words before it."""
    fuller, surname = {}, _surname(change, name)
    for before in _before(change, name):
        capitals = re.search(r"((?:\b[^\W\d_][\w’'.-]*\s+){1,2})$", before)
        given = capitals[1].split() if capitals else []
        for start in range(len(given)):
            parsed = parse(full := " ".join([*given[start:], surname]))
            is_name = all(word[:1].isupper() for word in given[start:])
            if is_name and parsed.kind == NameKind.FULL and not parsed.titles:
                fuller |= {full: None} if read(change, name).may_be_short_for(parsed) else {}
                break
    return list(fuller)


def _why(change: QuoteChange, speaker: Speaker, name: str, known: Speakers) -> str:
    about = str(known.evidence.of(speaker))
    called = f"Is called “{speaker.name}”" if read(change, name).kind in SHORT else "Has this name"
    if not about:
        return f"{called}."
    one = " All of this name are held to be one person." if is_one(speaker) else ""
    return f"{called}; known as {about}.{one}"
