"""PROV-JSON (W3C member submission of 24 April 2013): the provenance of a quote.

Quotation, primary source and revision are kinds of derivation, for which PROV-JSON has no members:
each is a `wasDerivedFrom` with its `prov:type` of PROV-DM, and an id that names the relation
(`_:wasQuotedFrom`, `_:hadPrimarySource1`, `_:wasRevisionOf2`).

- A quote `wasQuotedFrom` a snapshot: a `specializationOf` an article, which `wasAttributedTo` an
  outlet.
- It `wasAttributedTo` its speaker: the report is attributed, not the act of speaking.
- It `hadPrimarySource` the first via, and that one the second.
- Each version is a `specializationOf` the quote, and `wasRevisionOf` the one before it.

schema.org supplies the terms that PROV lacks.
"""

from collections import defaultdict
from urllib.parse import urljoin

from quotes.models import Quote
from quotes.representations.jsonld import TYPES, published
from quotes.representations.status_history import StatusHistory
from quotes.representations.wording import UrlOf, rfc3339, without_empty
from sources.dates import PartialDate
from sources.models import Outlet, Speaker

SCHEMA = "http://schema.org/"  # as the context at https://schema.org has it
AGENTS = {"Person": "prov:Person", "Organization": "prov:Organization"}


def typed(value: str, datatype: str) -> dict:
    return {"$": value, "type": datatype}


def qualified(name: str) -> dict:
    return typed(name, "prov:QUALIFIED_NAME")


def dated(date: PartialDate | None) -> dict | None:
    """A date with the XML Schema type of its precision."""
    if date is None:
        return None
    datatype = "xsd:date" if date.day else "xsd:gYearMonth" if date.month else "xsd:gYear"
    return typed(str(date), datatype)


def provenance(quote: Quote, history: StatusHistory, url_of: UrlOf) -> dict:
    return Provenance(quote, history, url_of).document()


class Provenance:
    """Builds the document: member → id → attributes."""

    def __init__(self, quote: Quote, history: StatusHistory, url_of: UrlOf):
        self.quote, self.history = quote, history
        self.root = urljoin(url_of("quote", quote.pk), "/")
        self.url_of = url_of
        self.members = defaultdict(dict)
        self.this = self.name("quote", quote.pk)

    def name(self, kind: str, key: object) -> str:
        """The qualified name of a record, short for its URL."""
        return f"on:{self.url_of(kind, key).removeprefix(self.root)}"

    def part(self, fragment: str) -> str:
        """The name of a part of this quote."""
        return f"{self.this}#{fragment}"

    def add(self, member: str, identifier: str, **attributes) -> str:
        """Add an element. Write `prov_label` for `prov:label`; empty attributes are left out."""
        named = {name.replace("_", ":", 1): value for name, value in attributes.items()}
        self.members[member][identifier] = without_empty(named)
        return identifier

    def derive(self, kind: str, relation: str, derived: str, used: str, **more) -> None:
        self.add(
            "wasDerivedFrom",
            f"_:{relation}",
            prov_generatedEntity=derived,
            prov_usedEntity=used,
            prov_type=qualified(kind),
            **more,
        )

    def attribute(self, entity: str, agent: str) -> None:
        number = len(self.members["wasAttributedTo"]) + 1
        self.add(
            "wasAttributedTo",
            f"_:wasAttributedTo{number}",
            prov_entity=entity,
            prov_agent=agent,
        )

    def specialize(self, specific: str, general: str) -> None:
        number = len(self.members["specializationOf"]) + 1
        self.add(
            "specializationOf",
            f"_:specializationOf{number}",
            prov_specificEntity=specific,
            prov_generalEntity=general,
        )

    def document(self) -> dict:
        self.add_quote()
        self.add_article()
        self.add_chain()
        self.add_speaker()
        self.add_history()
        self.add_retraction()
        return {"prefix": {"on": self.root, "schema": SCHEMA}, **self.members}

    # Quote and article

    def add_quote(self) -> None:
        quote = self.quote
        words = {"$": quote.text, "lang": quote.language} if quote.language else quote.text
        self.add(
            "entity",
            self.this,
            prov_type=qualified("schema:Quotation"),
            prov_value=words,
            schema_dateCreated=dated(quote.said),
            schema_creativeWorkStatus=quote.status,
            schema_correction=self.history.remarks(quote.status),
        )
        if self.history.replaced_by:
            other = self.add("entity", self.name("quote", self.history.replaced_by))
            self.add(
                "alternateOf",
                "_:alternateOf",
                prov_alternate1=other,
                prov_alternate2=self.this,
            )

    def add_article(self) -> None:
        article, snapshot = self.quote.article, self.quote.snapshot
        place = self.add(
            "entity",
            self.name("article", article.pk),
            prov_type=qualified("schema:NewsArticle"),
            prov_label=article.headline,
            schema_url=article.url and typed(article.url, "xsd:anyURI"),
            schema_author=[name for name in article.byline if name.strip()],
            schema_datePublished=typed(published(article), "xsd:dateTime")
            if article.published_at
            else dated(article.published),
            schema_inLanguage=article.language,
        )
        if article.outlet:
            self.attribute(place, self.outlet(article.outlet))
        if snapshot:
            text = self.add(
                "entity", self.name("snapshot", snapshot.sha256), schema_sha256=snapshot.sha256
            )
            self.add(
                "wasGeneratedBy",
                "_:captured",
                prov_entity=text,
                prov_time=rfc3339(snapshot.captured),
            )
            self.specialize(text, place)
            place = text
        self.derive("prov:Quotation", "wasQuotedFrom", self.this, place)

    def outlet(self, outlet: Outlet) -> str:
        return self.add(
            "agent",
            self.name("outlet", outlet.pk),
            prov_type=qualified("prov:Organization"),
            prov_label=outlet.name,
        )

    def add_chain(self) -> None:
        """Each step has the next one as its source; the last is nearest to the speaker."""
        nearer = self.this
        for number, via in enumerate(self.quote.via.all(), start=1):
            step = self.add("entity", self.part(f"via-{number}"), prov_label=str(via))
            if via.outlet:
                self.attribute(step, self.outlet(via.outlet))
            self.derive("prov:PrimarySource", f"hadPrimarySource{number}", nearer, step)
            nearer = step

    # Speaker

    def add_speaker(self) -> None:
        """The resolved speaker, else an agent with only the printed name."""
        quote, speaker = self.quote, self.quote.speaker
        if speaker:
            agent = self.speaker(speaker)
        elif quote.attribution_speaker:
            agent = self.add("agent", self.part("speaker"), prov_label=quote.attribution_speaker)
        else:
            return
        self.attribute(self.this, agent)
        for member in speaker.present_members if speaker else ():
            self.attribute(self.this, self.speaker(member))
        speaking = self.add("activity", self.part("speaking"), prov_label="speaking")
        self.add(
            "wasInfluencedBy",
            "_:wasInfluencedBy",
            prov_influencee=self.this,
            prov_influencer=speaking,
        )
        self.add(
            "wasAssociatedWith",
            "_:wasAssociatedWith",
            prov_activity=speaking,
            prov_agent=agent,
            prov_role=quote.shown_role,
        )
        if quote.organisation:
            place = self.add(
                "agent",
                self.name("organisation", quote.organisation.pk),
                prov_type=qualified("prov:Organization"),
                prov_label=quote.organisation.name,
            )
            self.add(
                "actedOnBehalfOf",
                "_:actedOnBehalfOf",
                prov_delegate=agent,
                prov_responsible=place,
                prov_activity=speaking,
            )

    def speaker(self, speaker: Speaker) -> str:
        return self.add(
            "agent",
            self.name("speaker", speaker.pk),
            prov_type=self.kind_of(speaker),
            prov_label=speaker.name,
        )

    def kind_of(self, speaker: Speaker) -> dict | None:
        named = TYPES.get(speaker.kind)
        return qualified(AGENTS[named]) if named else None

    # History

    def add_history(self) -> None:
        previous = None
        for event in self.history.changes:
            time = rfc3339(event.time)
            change = self.add(
                "activity",
                self.part(f"revision-{event.version}"),
                prov_label=event.verb,
                prov_startTime=time,
                prov_endTime=time,
            )
            version = self.add(
                "entity",
                self.part(f"version-{event.version}"),
                schema_version=typed(str(event.version), "xsd:int"),
            )
            self.specialize(version, self.this)
            self.add(
                "wasGeneratedBy",
                f"_:wasGeneratedBy{event.version}",
                prov_entity=version,
                prov_activity=change,
                prov_time=time,
            )
            if previous:
                relation = f"wasRevisionOf{event.version}"
                self.derive("prov:Revision", relation, version, previous, prov_activity=change)
            previous = version

    def add_retraction(self) -> None:
        """A retraction invalidates the quote, if the history includes it."""
        if self.quote.status != Quote.Status.RETRACTED:
            return
        ends = [event for event in self.history.changes if event.verb == "retracted"]
        end = ends[-1] if ends else None
        self.add(
            "wasInvalidatedBy",
            "_:wasInvalidatedBy",
            prov_entity=self.this,
            prov_activity=end and self.part(f"revision-{end.version}"),
            prov_time=end and rfc3339(end.time),
            schema_description=self.history.reason,
        )
