"""Whom the name of a speaker means: a record, a new one, or one that is the article's own.

Joining two people is defamation, a double is a nuisance. So a full name, or what is a body's by
evidence, matches a record of the archive only if nothing contradicts it. Any other name means
somebody within its article: one of the speakers of that filing, or the article's own record.
"""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from quotes.filing.evidence import Evidence, Verdict
from quotes.filing.types import QuoteChange, add_flag, is_in
from quotes.filing.within_article import SHORT, in_filing, name_candidates, read
from quotes.models import Quote
from sources.database.locks import lock_all
from sources.identity.matching import Register
from sources.identity.names import NameKind, parse, words
from sources.models import Organisation, Speaker
from sources.models.functions import NameKey
from sources.models.ids import as_uuid

Flag, Kind = Quote.Flag, Speaker.Kind


class Speakers:
    """The speakers that the names of a batch of filings may mean: six queries at most."""

    def __init__(self, changes: list[QuoteChange], organisations: Register):
        self.organisations = organisations
        self.shared: dict[tuple[int, str], bool] = {}
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
        self.tied: dict[tuple[UUID, str], Speaker] = {}  # by id of the body, and kind
        self._find_tied(self._ties(changes))
        self.evidence = Evidence()
        self.evidence.read(
            speaker
            for change in changes
            if (name := name_of(change)) and self.evidence.named_by(change)[0]
            for speaker in self.called(name)
        )
        self.raised: dict[object, Speaker] = {}
        self.kinds: dict[tuple[int, str], tuple[str, Organisation | None]] = {}

    def kind_of(self, change: QuoteChange, name: str) -> tuple[str, Organisation | None]:
        """The kind of speaker that the evidence says, and the organisation that it is tied to."""
        asked = (id(change), name)
        if asked not in self.kinds:
            self.kinds[asked] = _kind_of(change, name, self.organisations)
        return self.kinds[asked]

    def may_be_shared(self, change: QuoteChange, name: str) -> bool:
        """Whether a name can mean somebody in all articles: a full name, or a body's."""
        asked = (id(change), name)
        if asked not in self.shared:
            is_body = change.proposal.get("speaker_kind") == Kind.ORGANISATION
            self.shared[asked] = (
                is_body or read(change, name).identifies or bool(self.organisations.called(name))
            )
        return self.shared[asked]

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
        if unknown := self._ties(changes) - self.tied.keys():
            lock_all(f"{Speaker._meta.label}:{body}" for body, _ in unknown)
            self._find_tied(unknown)

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

    def _ties(self, changes: list[QuoteChange]) -> set[tuple[UUID, str]]:
        """The bodies that speak, and those whose spokesperson speaks: ids, with the kind."""
        found = set()
        for change in changes:
            if name := name_of(change):
                found.update((b.pk, Kind.ORGANISATION) for b in self.organisations.called(name))
                if change.quote.organisation and read(change, name).is_spokesperson:
                    found.add((change.quote.organisation.pk, Kind.UNNAMED))
        return found

    def _find_tied(self, ties: set[tuple[UUID, str]]) -> None:
        if not ties:
            return
        bodies, kinds = {body for body, _ in ties}, {kind for _, kind in ties}
        found = self.records.active().filter(article=None, organisation__in=bodies)
        found = found.filter(kind__in=kinds)
        for speaker in found.order_by("-pk"):
            if speaker.kind == Kind.ORGANISATION or parse(speaker.name).is_spokesperson:
                self.tied[speaker.organisation_id, speaker.kind] = speaker


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
        known.raise_kind(quote.speaker, change.proposal.get("speaker_kind"), None)
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
        found = in_filing(change, printed)
    if len(found) == 1:
        change.quote.speaker, change.filed.speaker = found[0], "matched"
        known.evidence.learn(change, found[0])
        return
    change.filed.speaker = "unresolved"
    add_flag(change.quote, Flag.UNRESOLVED_SPEAKER)
    name_candidates(change, printed, found, known.evidence)


# One name


def _match_name(change: QuoteChange, name: str, known: Speakers) -> None:
    parsed = read(change, name)
    kind, tie = known.kind_of(change, name)
    if known.may_be_shared(change, name) or len(_fitting(change, name, known)[0]) == 1:
        _match_shared(change, name, known)
    elif parsed.is_spokesperson and change.quote.organisation:
        _match_tied(change, name, Kind.UNNAMED, change.quote.organisation, known)
    elif parsed.kind in SHORT and kind != Kind.UNNAMED:
        found = in_filing(change, name)
        if len(found) == 1:
            (change.quote.speaker,) = found
            change.filed.speaker = "matched"
            return
        _match_own(change, name, kind, None, known)
        change.filed.speaker = "unresolved"
        add_flag(change.quote, Flag.UNRESOLVED_SPEAKER)
        name_candidates(change, name, found, known.evidence)
    else:
        _match_own(change, name, kind, tie, known)


def _match_shared(change: QuoteChange, name: str, known: Speakers) -> None:
    quote, filing = change.quote, change.filing
    kind, tie = known.kind_of(change, name)
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
            name_candidates(change, name, [*found, *contradicting], known.evidence)
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


def _kind_of(
    change: QuoteChange, name: str, organisations: Register
) -> tuple[str, Organisation | None]:
    """The filer's word counts first, then an organisation on record, then the name.

    Then what only persons have: a role, or a pronoun or personal title in print.
    """
    said, organisation = change.proposal.get("speaker_kind"), change.quote.organisation
    named = organisations.called(name)
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
    kind, tie = known.kind_of(change, name)
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
