"""PROV-JSON (W3C member submission of 24 April 2013): where the record comes from.

Quotation, primary source and revision are kinds of derivation. PROV-JSON has no members of their
own for them: each is a `wasDerivedFrom` with the `prov:type` that PROV-DM gives it, and an id that
names the relation (`_:wasQuotedFrom`, `_:hadPrimarySource1`, `_:wasRevisionOf2`).

    quote ─ wasQuotedFrom → snapshot ─ specializationOf → article ─ wasAttributedTo → outlet
      │─ wasAttributedTo → speaker          (of what an article says, not of what was said)
      │─ hadPrimarySource → first via ─ hadPrimarySource → second via …
      └─ version 1 ← wasRevisionOf ─ version 2 …, each a specializationOf the quote

What PROV has no word for is told in terms of schema.org.
"""

from collections import defaultdict
from urllib.parse import urljoin

from quotes.models import Quote
from quotes.representations.jsonld import TYPES, published
from quotes.representations.status_history import Life
from quotes.representations.wording import Address, known, moment
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


def provenance(quote: Quote, life: Life, address: Address) -> dict:
    return Provenance(quote, life, address).document()


class Provenance:
    """The document under construction: member → id → attributes."""

    def __init__(self, quote: Quote, life: Life, address: Address):
        self.quote, self.life = quote, life
        self.root = urljoin(address("quote", quote.pk), "/")
        self.address = address
        self.members = defaultdict(dict)
        self.this = self.name("quote", quote.pk)

    def name(self, kind: str, key: object) -> str:
        """A record as a qualified name, which stands for its URL."""
        return f"on:{self.address(kind, key).removeprefix(self.root)}"

    def part(self, fragment: str) -> str:
        """Something that only this quote has."""
        return f"{self.this}#{fragment}"

    def add(self, member: str, identifier: str, **attributes) -> str:
        """Attributes are `prov_label` for `prov:label`; unknown ones are left out."""
        told = {name.replace("_", ":", 1): value for name, value in attributes.items()}
        self.members[member][identifier] = known(told)
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
        self.the_quote()
        self.the_place()
        self.the_chain()
        self.the_speaker()
        self.the_history()
        self.the_end()
        return {"prefix": {"on": self.root, "schema": SCHEMA}, **self.members}

    # What, and where it is printed

    def the_quote(self) -> None:
        quote = self.quote
        words = {"$": quote.text, "lang": quote.language} if quote.language else quote.text
        self.add(
            "entity",
            self.this,
            prov_type=qualified("schema:Quotation"),
            prov_value=words,
            schema_dateCreated=dated(quote.said),
            schema_creativeWorkStatus=quote.status,
            schema_correction=self.life.remarks(quote.status),
        )
        if self.life.replaced_by:
            other = self.add("entity", self.name("quote", self.life.replaced_by))
            self.add(
                "alternateOf",
                "_:alternateOf",
                prov_alternate1=other,
                prov_alternate2=self.this,
            )

    def the_place(self) -> None:
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
                prov_time=moment(snapshot.captured),
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

    def the_chain(self) -> None:
        """Each step has the next one for its source; the last is the nearest to the speaker."""
        nearer = self.this
        for number, via in enumerate(self.quote.via.all(), start=1):
            step = self.add("entity", self.part(f"via-{number}"), prov_label=str(via))
            if via.outlet:
                self.attribute(step, self.outlet(via.outlet))
            self.derive("prov:PrimarySource", f"hadPrimarySource{number}", nearer, step)
            nearer = step

    # Who spoke

    def the_speaker(self) -> None:
        """The speaker on record, else somebody of whom only the printed name is known."""
        quote, speaker = self.quote, self.quote.speaker
        if speaker:
            agent = self.add(
                "agent",
                self.name("speaker", speaker.pk),
                prov_type=self.kind_of(speaker),
                prov_label=speaker.name,
            )
        elif quote.attribution_speaker:
            agent = self.add("agent", self.part("speaker"), prov_label=quote.attribution_speaker)
        else:
            return
        self.attribute(self.this, agent)
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

    def kind_of(self, speaker: Speaker) -> dict | None:
        named = TYPES.get(speaker.kind)
        return qualified(AGENTS[named]) if named else None

    # What happened to the record

    def the_history(self) -> None:
        before = None
        for event in self.life.history:
            time = moment(event.time)
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
            if before:
                relation = f"wasRevisionOf{event.version}"
                self.derive("prov:Revision", relation, version, before, prov_activity=change)
            before = version

    def the_end(self) -> None:
        """A retracted quote is invalidated by its retraction, when the history tells of that."""
        if self.quote.status != Quote.Status.RETRACTED:
            return
        ends = [event for event in self.life.history if event.verb == "retracted"]
        end = ends[-1] if ends else None
        self.add(
            "wasInvalidatedBy",
            "_:wasInvalidatedBy",
            prov_entity=self.this,
            prov_activity=end and self.part(f"revision-{end.version}"),
            prov_time=end and moment(end.time),
            schema_description=self.life.reason,
        )
