"""The story behind the examples of the OpenAPI document, played through the API.

Mara Quill, harbour master, speaks to The Harbour Post. Its CMS files the article, Ada reviews it,
and Lena reads. Each operation is called by its name in the document at least once; its first answer
of each status is its example. `test_examples.py` compares them with `config/examples.json`.
"""

import json
import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import urlencode

from rest_framework.test import APIClient

from quotes.models import Webhook
from quotes.webhooks import delivery
from sources.api.fields import AN_ID
from tests.conftest import API, make_client, settle

RECORD = "RECORD_EXAMPLES=1 uv run pytest -n 0 tests/config/test_examples.py"
"""The command that writes what the service answers now into `config/examples.json`."""

HOST = "onrecord.example"
HOUR = timedelta(hours=1)

WIRE = "https://wire.example/2026/quay"
POST_TEXT = (
    "The quay will close in May. “We had no choice,” Mara Quill, the harbour master, told Torrigan "
    "Wire."
)
POST_LATER = POST_TEXT.replace("in May", "in June")
WIRE_TEXT = (
    "“We had no choice,” said Mara Quill, harbour master of Torrigan. “The crane stays,” said her "
    "deputy, Tom Quill."
)
LASTING = {sha256(text.encode()).hexdigest() for text in (POST_TEXT, POST_LATER, WIRE_TEXT)}
"""Digests that are the same whenever the story is played. Others are of what holds ids or times."""

CHOICE = {
    "text": "We had no choice,",
    "kind": "direct",
    "speaker": "Mara Quill",
    "speaker_kind": "person",
    "role": "harbour master",
    "organisation": "Port Authority",
    "attribution": {
        "text": "Mara Quill, the harbour master, told Torrigan Wire",
        "speaker": "Mara Quill",
        "role": "harbour master",
        "cue": "told",
    },
    "via": [{"kind": "told", "name": "Torrigan Wire"}],
}
FILING = {
    "outlet": "The Harbour Post",
    "external_id": "hp-2026-0314",
    "url": "https://harbourpost.example/2026/quay",
    "headline": "Quay to close",
    "byline": ["Ada Lund"],
    "published": "2026-03-14",
    "language": "en",
    "rights": "© 2026 Harbour Post Ltd",
    "text": POST_TEXT,
    "quotes": [CHOICE],
}


class Player:
    """Calls operations by their names in the document, and keeps what they answered.

    `kept` has, by operation and status, what was asked, sent and answered. Problems stand under
    "Problem" by the last word of their type.
    """

    def __init__(self, document: dict):
        self.routes = {
            operation["operationId"]: (method.upper(), path)
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
        }
        self.kept: dict[str, dict[str, dict]] = {}

    def __call__(
        self, client: APIClient, operation: str, body=None, *, status=200, if_match="*", **names
    ):
        """Return the JSON that the operation answers; `body` is the query of a GET."""
        method, template = self.routes[operation]
        path = template.format(**names)
        headers = (
            {"If-Match": if_match} if method in ("PATCH", "POST") and "{id}" in template else {}
        )
        asked = {"headers": headers, "secure": True, "SERVER_NAME": HOST}
        if method == "GET":
            path += f"?{urlencode(body, safe=':,')}" if body else ""
        elif method != "DELETE":
            asked["data"] = body or {}
        response = getattr(client, method.lower())(path, **asked)
        content = b"".join(response) if response.streaming else response.content
        assert response.status_code == status, (operation, response.status_code, content.decode())
        answer = json.loads(content) if content else None
        name, kind = operation, str(status)
        if status >= 400:
            name, kind = "Problem", answer["type"].rpartition(":")[2]
        exchange = {"asked": f"{method} {path}"}
        exchange |= {"sent": asked["data"]} if "data" in asked else {}
        self.kept.setdefault(name, {}).setdefault(kind, exchange | {"answered": answer})
        return answer


def play_story(play: Player, receiver) -> None:
    """Play it all, from an empty archive to a message that a webhook refuses."""
    ada = make_client("Curators", "ada")
    cms = make_client("Contributors", "harbour-post")
    lena = make_client("Readers", "lena")
    play(lena, "getRoot")
    play(make_client(None), "listQuotes", status=401)
    add_records(play, ada, lena)
    choice = file_article(play, ada, cms)
    review(play, ada, cms, lena, choice)
    others = file_from_the_wire(play, ada, cms)
    search(play, ada, lena, choice)
    merge(play, ada, others)
    read_records(play, ada, lena, choice)
    follow(play, ada, lena, choice, others, receiver)


def add_records(play: Player, ada, lena) -> None:
    post = play(
        ada,
        "addOutlet",
        {"name": "The Harbour Post", "slug": "harbour-post", "url": "https://harbourpost.example/"},
        status=201,
    )
    play(ada, "updateOutlet", {"rights": "© Harbour Post Ltd"}, id=post["id"])
    authority = play(
        ada,
        "addOrganisation",
        {
            "name": "Port Authority",
            "aliases": ["Torrigan Port Authority"],
            "identifiers": {"wikidata": "Q7186"},
        },
        status=201,
    )
    transport = {"parent": "Department of Transport"}
    play(ada, "updateOrganisation", transport, id=authority["id"], status=400)
    play(ada, "addOrganisation", {"name": "Department of Transport"}, status=201)
    play(ada, "updateOrganisation", transport, id=authority["id"])
    mara = play(
        ada,
        "addSpeaker",
        {
            "name": "Mara Quill",
            "kind": "person",
            "aliases": ["M. Quill"],
            "identifiers": {"wikidata": "Q7187"},
        },
        status=201,
    )["id"]
    play(ada, "updateSpeaker", {"aliases": ["M. Quill", "Captain Quill"]}, id=mara)
    held = play(
        ada,
        "addAffiliation",
        {
            "speaker": mara,
            "organisation": "Port Authority",
            "role": "harbour master",
            "from": "2019",
        },
        status=201,
    )
    play(ada, "updateAffiliation", {"to": "2026-05"}, id=held["id"])
    source = "https://parliament.example/members/quill"
    fact = {"speaker": mara, "key": "party", "value": "Harbour Party", "source": source}
    fact = play(ada, "addFact", {**fact, "from": "2019"}, status=201)
    play(ada, "updateFact", {"to": "2026-05"}, id=fact["id"])
    for name, row in (("Affiliation", held), ("Fact", fact)):
        play(lena, f"get{name}", id=row["id"])
        play(lena, f"list{name}s", {"speaker": mara})
        play(ada, f"list{name}Revisions", id=row["id"])


def file_article(play: Player, ada, cms) -> dict:
    """The CMS files the article; returns its quote."""
    play(cms, "fileArticle", {**FILING, "published": "2026-02-30"}, status=400)
    play(cms, "proposeQuotesOfText", {"text": POST_TEXT, "language": "en"})
    filed = play(cms, "fileArticle", FILING, status=201)
    play(cms, "fileArticle", FILING)
    return filed["quotes"][0]


def review(play: Player, ada, cms, lena, choice: dict) -> None:
    key, article = choice["id"], choice["article"]["id"]
    play(lena, "getQuote", id=key, status=404)
    play(cms, "publishQuote", {}, id=key, status=403)
    play(ada, "updateQuote", {"said": "2026-03-14"}, id=key)
    play(ada, "publishQuote", {"reason": "Checked against the recording."}, id=key)
    note = "The words were said a day earlier than the article says."
    play(ada, "correctQuote", {"note": note, "said": "2026-03-13"}, id=key)
    play(ada, "disputeQuote", {"reason": "Her office says that she was misquoted."}, id=key)
    play(ada, "settleQuote", {"reason": "The recording has her words."}, id=key)
    # The CMS files the article again, with another role: the quote keeps its own, with a flag.
    other = {**CHOICE, "role": "port captain"}
    play(cms, "fileArticle", {**FILING, "quotes": [other]})
    play(ada, "keepQuote", {"flags": ["filing_differs"], "reason": "As printed."}, id=key)
    play(cms, "addArticleSnapshot", {"text": POST_LATER}, article=article)
    play(ada, "updateArticle", {"headline": "Quay to close in June"}, id=article)
    play(ada, "withdrawArticle", {"reason": "The Harbour Post withdrew it."}, id=article)
    play(ada, "reinstateArticle", {"reason": "It is back online."}, id=article)
    # A second quote, which the CMS got wrong.
    close = {"article": article, "text": "The quay will close in June.", "kind": "direct"}
    wrong = play(cms, "proposeQuote", close, status=201)["id"]
    play(cms, "proposeQuote", close)
    play(ada, "verifyQuote", id=wrong)
    play(ada, "rejectQuote", {"reason": "The reporter's own words."}, id=wrong)
    play(ada, "reopenQuote", {"reason": "The outlet asked us to look again."}, id=wrong)
    play(cms, "withdrawQuote", {"reason": "Not a quote."}, id=wrong)


def file_from_the_wire(play: Player, ada, cms) -> dict[str, dict]:
    """Torrigan Wire has the same words, and those of the deputy; returns its quotes by speaker."""
    quotes = [
        {"text": "We had no choice,", "speaker": "Mara Quill", "role": "harbour master"},
        {"text": "The crane stays,", "speaker": "Tom Quill", "role": "deputy"},
    ]
    filing = {"outlet": "Torrigan Wire", "url": WIRE, "headline": "Quay shut until autumn"}
    filing |= {"published": "2026-03-14", "language": "en", "text": WIRE_TEXT, "quotes": quotes}
    filed = play(cms, "fileArticle", filing, status=201)
    mara, tom = (quote["id"] for quote in filed["quotes"])
    play(
        ada,
        "takeSteps",
        {
            "steps": [
                {"quote": mara, "step": "publish", "version": 1},
                {"quote": tom, "step": "reject", "version": 4, "reason": "Never said."},
            ]
        },
    )
    play(ada, "publishQuote", {}, id=tom)
    return {quote["speaker"]["name"]: quote for quote in filed["quotes"]}


def search(play: Player, ada, lena, choice: dict) -> None:
    settle()  # manifests count what is not
    key = choice["id"]
    play(lena, "listQuotes", {"q": "choice", "outlet": "harbour-post"})
    quote = play(lena, "getQuote", id=key)
    play(lena, "getUtterance", id=quote["utterance"]["id"])
    play(ada, "listQuoteRevisions", {"limit": 3}, id=key)
    draft = "The quay is shut. “We had every choice,” said Mara Quill."
    play(lena, "checkDraft", {"text": draft, "language": "en"})
    play(lena, "getFacets", {"by": "speaker,year"})
    play(lena, "getTimeline", {"interval": "month"})
    exported = {"format": "csv", "manifest": "true"}
    play(lena, "exportQuotes", {**exported, "status": "published"})
    for name in ("Speakers", "Articles", "Affiliations", "Utterances"):
        play(lena, f"export{name}", exported)


def merge(play: Player, ada, others: dict[str, dict]) -> None:
    """Duplicates are merged, and apart again; a quote of the deputy turns out to be hers."""
    mara, tom = others["Mara Quill"], others["Tom Quill"]
    again = {"quotes": [tom["id"]], "reason": "Said by her, as the wire corrected."}
    play(ada, "reattributeQuotes", {"to": mara["speaker"]["id"], **again}, id=tom["speaker"]["id"])
    kept = {
        "Outlet": mara["outlet"]["id"],
        "Organisation": play(ada, "listOrganisations", {"q": "Port Authority"})["results"][0]["id"],
        "Speaker": mara["speaker"]["id"],
    }
    names = {"Outlet": "Torigan Wire", "Organisation": "Port Authorty", "Speaker": "Mara Quil"}
    for kind, name in names.items():
        double = play(ada, f"add{kind}", {"name": name}, status=201)["id"]
        if kind == "Speaker":
            held = {"speaker": double, "organisation": "Port Authority", "role": "harbour master"}
            play(ada, "addAffiliation", held, status=201)
        distinct = {"from": kept[kind], "reason": "Two of nearly the same name."}
        play(ada, f"distinguish{kind}", distinct, id=double)
        play(ada, f"merge{kind}", {"into": kept[kind]}, id=double, status=409)
        play(ada, f"undistinguish{kind}", {**distinct, "reason": "A slip of the pen."}, id=double)
        play(ada, f"merge{kind}", {"into": kept[kind], "reason": "Misspelt."}, id=double)
        play(ada, f"get{kind}", id=double, status=301)
        play(ada, f"unmerge{kind}", {"reason": "Two after all."}, id=double)


def read_records(play: Player, ada, lena, choice: dict) -> None:
    article = choice["article"]["id"]
    amp = {**FILING, "external_id": None, "url": f"{FILING['url']}?amp=1"}
    amp = play(ada, "fileArticle", amp, status=201)["id"]
    play(ada, "mergeArticle", {"into": article, "reason": "The same article."}, id=amp)
    play(lena, "getArticle", id=amp, status=301)
    play(ada, "unmergeArticle", {"reason": "It has another text."}, id=amp)
    rows = {
        "Outlet": choice["outlet"]["id"],
        "Organisation": choice["organisation"]["id"],
        "Speaker": choice["speaker"]["id"],
        "Article": article,
    }
    for kind, key in rows.items():
        play(lena, f"get{kind}", id=key)
        play(lena, f"list{kind}s", {"id": key})
        play(ada, f"list{kind}Revisions", {"limit": 2}, id=key)
    taken = play(ada, "listArticleSnapshots", article=article)["results"]
    play(ada, "getSnapshot", sha256=taken[0]["sha256"])


def follow(play: Player, ada, lena, choice: dict, others: dict, receiver) -> None:
    """Lena follows the archive, by the change feed and by a webhook."""
    settle()
    seen = lena.get(f"{API}changes/", {"after": "now"}).json()["after"]
    hook = {"url": "https://cms.example/on-record", "types": ["quote"]}
    hook |= {"filters": {"outlet": "harbour-post"}}
    hook = play(lena, "addWebhook", hook, status=201)["id"]
    play(lena, "getWebhook", id=hook)
    play(lena, "updateWebhook", {"active": False}, id=hook)
    play(lena, "listWebhooks")
    play(lena, "updateWebhook", {"active": True}, id=hook)
    play(lena, "rotateWebhook", {"at_once": False}, id=hook)
    reason = "Taken from Torrigan Wire, which has more of what she said."
    by = {"reason": reason, "replaced_by": others["Mara Quill"]["id"]}
    play(ada, "retractQuote", by, id=choice["id"], if_match='"1"', status=412)
    retracted = play(ada, "retractQuote", by, id=choice["id"])
    settle()
    play(lena, "listChanges", {"after": seen})
    play(lena, "replayWebhook", {"since": retracted["updated"]}, id=hook)
    play(lena, "testWebhook", id=hook)
    Webhook.objects.filter(pk=hook).update(url=receiver.url)  # instead of a host on the internet
    delivery.deliver(Webhook.objects.get(pk=hook), 10)
    play(lena, "listWebhookDeliveries", webhook=hook)
    play(lena, "destroyWebhook", id=hook, status=204)


# What differs each time that the story is played

VARIES = re.compile(
    r"(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    r"|(?P<digest>\b[0-9a-f]{64}\b)"
    r"|(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00))"
    r"|(?P<secret>whsec_[\w+/=]+)"
    r"|(?P<cursor>[\w-]{8,}(?::|%3A)[\w-]{43})"
    r"|(?P<place>\d+(?= of era))"  # in the ledger
    r'|(?P<milliseconds>(?<="milliseconds": )\d+)'
)


def lasting(kept: dict) -> dict:
    """The same with ids, times, digests and the like that do not vary.

    Each value has one substitute wherever it stands. Times keep their order.
    """
    text = json.dumps(kept, ensure_ascii=False)
    times = story_times(
        {datetime.fromisoformat(m["time"]) for m in VARIES.finditer(text) if m["time"]}
    )
    places = sorted({int(m["place"]) for m in VARIES.finditer(text) if m["place"]})
    known: dict[str, dict[str, str]] = {kind: {} for kind in VARIES.groupindex}

    def substitute(match: re.Match) -> str:
        kind, real = match.lastgroup, match[0]
        if real in LASTING:
            return real
        number = len(known[kind]) + 1
        match kind:
            case "id":
                other = f"{AN_ID[:-12]}{number:012}"
            case "digest":
                other = sha256(bytes([number])).hexdigest()
            case "time":
                time = times[datetime.fromisoformat(real)].isoformat(real[10], "microseconds")
                other = time.replace("+00:00", "Z" if real.endswith("Z") else "+00")
            case "secret":
                other = f"whsec_{b64encode(number.to_bytes(32)).decode()}"
            case "cursor":
                other = f"WzEsODA0MSw1XQ{'%3A' if '%' in real else ':'}zVt0c0Vb2E{number:033}"
            case "place":
                other = str(places.index(int(real)) + 1)
            case "milliseconds":
                return "84"
        return known[kind].setdefault(real, other)

    return json.loads(VARIES.sub(substitute, text))


def story_times(real: set[datetime]) -> dict[datetime, datetime]:
    """A time of the story for each real one: a minute apart, or as many hours as in truth."""
    told, last, now = {}, None, datetime(2026, 3, 14, 10, 2, 11, 547621, UTC)
    for time in sorted(real):
        hours = round((time - last) / HOUR) if last else 0
        now += hours * HOUR or timedelta(minutes=1)
        told[time], last = now, time
    return told
