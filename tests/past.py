"""Random histories of an archive, and questions to ask in the midst of them and of their past."""

from collections.abc import Sequence
from contextlib import suppress
from random import Random

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from quotes.models import Quote, Utterance
from quotes.models.workflow import NotOpen
from quotes.statistics.sql import DIMENSIONS, SINGLE
from sources.dates import PartialDate
from sources.exceptions import Conflict
from sources.identity import merging
from sources.models import Affiliation, Article, Organisation, Outlet, Speaker
from tests.conftest import API
from tests.records import (
    make_affiliation,
    make_article,
    make_organisation,
    make_outlet,
    make_quote,
    make_speaker,
)

DATES = ("2025", "2025-12", "2026-01", "2026-01-15", "2026-02-01", "2026-02", None)
NAMES = ("Ann Ek", "Bo Ek", "Cy Ek", "Dee Berg")
WORDS = ("minister", "transport minister", "clerk", "mayor")
RECORDS = ("speakers", "organisations", "outlets", "affiliations", "articles")
LANGUAGES = ("en", "en-GB", "de", None)


def moment() -> str:
    """The present time, by PostgreSQL's clock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0].isoformat()


class History:
    """Random acts on a small archive, the same for one seed."""

    def __init__(self, seed: int):
        self.choose = Random(seed).choice
        self.acts = [
            *(self.file, self.step, self.step, self.correct, self.correct, self.rename),
            *(self.merge, self.unmerge, self.redate, self.pass_on, self.join, self.hold, self.move),
        ]
        for _ in range(2):
            self.file()

    def act(self) -> None:
        """Do something; what is refused changes nothing."""
        with suppress(ValidationError, Conflict, NotOpen, IntegrityError), transaction.atomic():
            self.choose(self.acts)()

    def one_of(self, model):
        """A record of this kind; a new one if there is none."""
        records = list(model.objects.order_by("pk"))
        make = {
            Speaker: lambda: make_speaker(self.choose(NAMES)),
            Outlet: lambda: make_outlet(f"{self.choose(NAMES)} Post"),
            Organisation: lambda: make_organisation(f"{self.choose(NAMES)} Board"),
            Affiliation: lambda: make_affiliation(
                speaker=self.one_of(Speaker),
                organisation=self.one_of(Organisation),
                role=self.choose(WORDS),
            ),
            Article: lambda: make_article(outlet=self.one_of(Outlet)),
        }.get(model)
        if make and (not records or (len(records) < 4 and self.choose((False, True)))):
            return make()
        return self.choose(records)

    # Acts

    def file(self) -> None:
        make_quote(
            "We had no choice",
            outlet=self.choose((None, self.one_of(Outlet))),
            published=self.choose(DATES),
            speaker=self.choose((None, self.one_of(Speaker))),
            kind=self.choose(Quote.Kind.values),
            language=self.choose(LANGUAGES),
            status=self.choose(("published", "published", "proposed")),
            attribution_role=self.choose((None, *WORDS)),
            attribution_speaker=self.choose((None, *NAMES)),
            via=self.choose(((), ("The Wire",), (self.one_of(Outlet),))),
        )

    def step(self) -> None:
        quote = self.one_of(Quote)
        step = self.choose(("publish", "reject", "reopen", "dispute", "settle", "retract"))
        getattr(quote, step)("Because.")

    def correct(self) -> None:
        changes = self.choose(
            (
                {"speaker": self.one_of(Speaker)},
                {"organisation": self.one_of(Organisation)},
                {"affiliation": self.one_of(Affiliation)},
                {"language": self.choose(LANGUAGES)},
                {"kind": self.choose(Quote.Kind.values)},
                {"said": (day := self.choose(DATES)) and PartialDate.parse(day)},
                {"role": self.choose(WORDS)},
            )
        )
        if held := changes.get("affiliation"):
            changes["speaker"] = held.speaker
        self.one_of(Quote).revise(note="It was otherwise.", now=timezone.now(), **changes)

    def rename(self) -> None:
        record = self.one_of(self.choose((Speaker, Outlet, Organisation)))
        type(record).objects.filter(pk=record.pk).update(
            name=self.choose(NAMES), aliases=list(self.choose(((), ("Ms X",))))
        )

    def merge(self) -> None:
        model = self.choose((Speaker, Outlet, Organisation))
        merging.merge(self.one_of(model), self.one_of(model))

    def unmerge(self) -> None:
        merging.unmerge(self.one_of(self.choose((Speaker, Outlet, Organisation))))

    def redate(self) -> None:
        article = self.one_of(Article)
        article.published = (day := self.choose(DATES)) and PartialDate.parse(day)
        article.outlet = self.choose((article.outlet, self.one_of(Outlet)))
        article.headline = self.choose(("A headline", "Another"))
        article.save()

    def pass_on(self) -> None:
        """Change the reporting chain of a quote."""
        quote = self.one_of(Quote)
        chain = self.choose(([], [quote.via.model.of(0, "cited", self.choose(NAMES))]))
        quote.revise(note="Another chain.", now=timezone.now(), via=chain)

    def join(self) -> None:
        Utterance.join([self.one_of(Quote), self.one_of(Quote)])

    def hold(self) -> None:
        Affiliation.objects.filter(pk=self.one_of(Affiliation).pk).update(
            role=self.choose(WORDS), start=self.choose(DATES[:3])
        )

    def move(self) -> None:
        """Give an organisation another parent."""
        one, other = self.one_of(Organisation), self.one_of(Organisation)
        if one != other and not other.parent_id:
            Organisation.objects.filter(pk=one.pk).update(parent=other)

    # Questions

    def question(self) -> tuple[str, dict]:
        """A path and its query."""
        path = self.choose(("", "", "facets/", "timeline/", "export/", None))
        if path is None:
            ordering = self.choose(("created", "-created"))
            return f"{API}{self.choose(RECORDS)}/", {"ordering": ordering}
        query = dict(self.filter() for _ in range(self.choose((0, 1, 1, 2))))
        if path == "":
            query["ordering"] = self.choose(("-published", "published", "-said", "created"))
            query |= self.choose(({}, {"limit": 2}, {"count": "true"}))
        if path == "facets/":
            query["by"] = ",".join(dict.fromkeys(self.choose([*DIMENSIONS]) for _ in range(3)))
        if path == "timeline/":
            query["interval"] = self.choose(("year", "month"))
            query |= self.choose(({}, {"by": self.choose([*SINGLE])}))
        if path == "export/":
            query["format"] = self.choose(("ndjson", "csv"))
        return f"{API}quotes/{path}", query

    def filter(self) -> tuple[str, str]:
        name = self.choose(
            (
                *("speaker", "outlet", "organisation", "article", "via", "utterance"),
                *("speaker_name", "outlet_name", "organisation_name", "role", "speaker_kind"),
                *("kind", "status", "language", "published_after", "published_before"),
                *("said_after", "updated_after", "one_per_utterance", "anchor"),
            )
        )
        models = {
            "speaker": Speaker,
            "outlet": Outlet,
            "organisation": Organisation,
            "article": Article,
            "via": Outlet,
        }
        match name:
            case "utterance":
                keys = list(Utterance.objects.order_by("pk").values_list("pk", flat=True))
                return name, str(self.choose(keys or [Quote.objects.first().pk]))
            case _ if name in models:
                return name, str(self.one_of(models[name]).pk)
            case "speaker_name":
                return name, self.choose((*NAMES, "Ms X"))
            case "outlet_name" | "organisation_name":
                ending = "Post" if name == "outlet_name" else "Board"
                return name, self.choose((*NAMES, *(f"{each} {ending}" for each in NAMES)))
            case "role":
                return name, self.choose(WORDS)
            case "speaker_kind":
                return name, "person"
            case "kind":
                return name, self.choose(("direct", "direct,mixed", "indirect"))
            case "status":
                return name, self.choose(("published", "retracted,disputed", "proposed,rejected"))
            case "language":
                return name, self.choose(LANGUAGES[:3])
            case "updated_after":
                return name, moment()
            case "one_per_utterance":
                return name, "true"
            case "anchor":
                return name, "exact"
        return name, self.choose(DATES[:6])


def answer(client, path: str, query: dict) -> object:
    """What the API answers, without the links that name the query."""
    response = client.get(path, query)
    if response.status_code != 200:
        return response.status_code, response.content
    if response.streaming:
        return b"".join(response)
    told = response.json()
    return told | {name: bool(told[name]) for name in ("next", "previous") if name in told}


def contradictions(clients: Sequence, seed: int, *, acts: int, questions: int) -> list[tuple]:
    """Ask these questions after each of these acts, and again of the past: what differs.

    What is done is rolled back.
    """
    with transaction.atomic():
        history, asked = History(seed), []
        for _ in range(acts):
            history.act()
            for _ in range(questions):
                client, (path, query) = history.choose(clients), history.question()
                asked.append((client, path, query, answer(client, path, query), moment()))
        told = [
            (path, query, at, then, answer(client, path, {**query, "as_of": at}))
            for client, path, query, then, at in asked
        ]
        transaction.set_rollback(True)
    return [each for each in told if each[-2] != each[-1]]
