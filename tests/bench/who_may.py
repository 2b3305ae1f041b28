"""Writers of every role at once: `uv run python tests/bench/who_may.py [--minutes N]`

Starts a database cluster under /tmp and the server. A reader, two contributors (one bound to an
outlet) and a curator send whatever the API takes, good and bad, to records of everybody, for ten
minutes. The ledger then tells who changed what. Exits with 1 if anybody changed what they may not,
or if what a public quote claims changed without a note for readers.
"""

import argparse
import os
import random
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.bulk_filing import whole
from tests.bench.follow_changes import API, ROOT, Client, free_port, say, serve

ROLES = {
    "reader": "Readers",
    "freelance": "Contributors",
    "bound": "Contributors",
    "curator": "Curators",
}
"""Users and their groups; "bound" is bound to the outlet `BOUND`."""

BOUND, OTHERS = "Bound Post", ("Free Post", "Wire")

NAMES = ("Mara Quill", "Bo Ek", "Mr Ek", "Harbour Board", "Ada Moss", "a spokesman", "police")

CLAIMS = {
    *("kind", "language", "role", "said", "text", "speaker_id", "organisation_id"),
    *("affiliation_id", "attribution_text", "attribution_speaker", "attribution_role"),
    *("attribution_organisation", "attribution_cue"),
}
"""Columns of a public quote that change only with a note for readers."""

STEPS = ("publish", "reject", "reopen", "dispute", "settle", "correct", "retract", "keep")

MOVED = {"speaker_id", "organisation_id", "affiliation_id"}
"""Of these, what a merge changes without one."""

FOLLOWS = {
    *("snapshot_id", "spans", "seams", "anchor", "nearest", "text", "flags", "utterance_id"),
    *("outlet_id", "published", "published_at", "published_day", "url", "headline", "is_withdrawn"),
}
"""Columns of a quote that follow its article when that is filed again."""

NOBODY = "00000000-0000-0000-0000-000000000000"

ALWAYS = {"version", "updated", "is_public"}

UNSEEN = {"proposed", "withdrawn"}
"""Statuses between which a filer moves a quote."""

PUBLIC = ("published", "disputed", "retracted")


# Writers


@dataclass
class Writer:
    """A user who sends requests at random; `answers` counts them by status."""

    client: Client
    chance: random.Random
    turn: int = 0
    answers: Counter = field(default_factory=Counter)

    def write(self, until: float) -> None:
        from django.db import connection

        try:
            while time.monotonic() < until:
                self.turn += 1
                method, path, body = self.chance.choice(self.REQUESTS)(self)
                try:
                    status, _ = self.client(method, f"{API}{path}", body)
                except OSError:  # the server has closed a connection that was kept
                    status = 0
                self.answers[status] += 1
        finally:
            connection.close()
            if self.client.kept:
                self.client.kept.close()

    # Values

    def some(self, model: str, **among) -> str:
        """The id of any record, of everybody's."""
        from django.apps import apps

        ids = apps.get_model(model).objects.filter(**among).values_list("pk", flat=True)
        newest = list(ids.order_by("-pk")[:60])
        return str(self.chance.choice(newest)) if newest else "none"

    def name(self) -> str:
        return self.chance.choice(NAMES)

    def quote(self, words: str) -> dict:
        chance = self.chance
        quote = {
            "text": words,
            "speaker": self.name(),
            "status": chance.choice(("proposed", "published")),
        }
        if chance.random() < 0.5:
            quote |= {"role": chance.choice(("chair", "clerk")), "organisation": "Harbour Board"}
        if chance.random() < 0.1:
            quote["note"] = f"Note {self.turn}."
        if chance.random() < 0.2:
            quote["kind"] = chance.choice(("partial", "indirect"))
        return quote

    # Requests

    def file(self):
        chance = self.chance
        number = chance.randrange(40)  # mostly on record, and somebody else's
        words = [f"We said {number} and {part}" for part in range(3)]
        text = " ".join(f"“{each},” said {self.name()}." for each in words)
        filing = {
            "outlet": chance.choice((BOUND, *OTHERS)),
            "external_id": f"cms-{number}",
            "headline": f"Item {number} {chance.choice('abc')}",
            "text": chance.choice(("", "Updated. ", f"Updated {self.turn}. ")) + text,
            "quotes": [self.quote(each) for each in words[chance.randrange(2) :]],
        }
        if chance.random() < 0.2:
            filing["complete"] = True
        if chance.random() < 0.1:
            del filing["outlet"]
        return "POST", "articles/", filing

    def capture(self):
        text = f"“We said {self.turn},” said Bo Ek."
        return "POST", f"articles/{self.some('sources.Article')}/snapshots/", {"text": text}

    def propose(self):
        from sources.models import Article

        article = self.some("sources.Article")
        number = self.chance.randrange(40)
        if article != "none":
            number = (Article.objects.get(pk=article).external_id or "cms-0")[4:]
        quote = self.quote(f"We said {number} and {self.chance.randrange(3)}")
        return "POST", "quotes/", {"article": article, **quote}

    def patch(self):
        kind, body = self.chance.choice(
            (
                ("sources.Article", {"headline": f"Headline {self.turn}"}),
                ("sources.Speaker", {"name": f"{self.name()} {self.turn % 3}"}),
                ("sources.Organisation", {"name": f"Board {self.turn % 7}"}),
                ("sources.Outlet", {"name": f"Paper {self.turn % 5}"}),
                ("sources.Affiliation", {"role": f"role {self.turn}"}),
                ("quotes.Quote", {"language": self.chance.choice(("en", "fr"))}),
                ("quotes.Quote", {"kind": "partial", "note": f"Note {self.turn}."}),
                ("quotes.Quote", {"speaker": self.some("sources.Speaker")}),
                ("quotes.Quote", {"status": "published"}),
            )
        )
        place = kind.split(".")[1].lower()
        return "PATCH", f"{place}s/{self.some(kind)}/", body

    def make(self):
        place, body = self.chance.choice(
            (
                ("speakers", {"name": f"Made {self.turn}"}),
                ("organisations", {"name": f"Made {self.turn}"}),
                ("outlets", {"name": f"Made {self.turn}"}),
                (
                    "affiliations",
                    {
                        "speaker": self.some("sources.Speaker"),
                        "organisation": self.some("sources.Organisation"),
                        "role": f"clerk {self.turn}",
                    },
                ),
            )
        )
        return "POST", f"{place}/", body

    def step(self):
        step = self.chance.choice([*STEPS, "withdraw"])
        body = {"reason": f"Reason {self.turn}."}
        if step == "correct":
            body = {"note": f"Note {self.turn}.", "language": self.chance.choice(("en", "de"))}
        if step == "keep":
            body = {"flags": ["filing_differs"]}
        return "POST", f"quotes/{self.some('quotes.Quote')}/{step}/", body

    def join(self):
        kind = self.chance.choice(("Speaker", "Organisation", "Outlet", "Article"))
        one, other = (self.some(f"sources.{kind}", merged_into=None) for _ in range(2))
        verb = self.chance.choice(("merge", "unmerge", "unmerge", "distinguish", "undistinguish"))
        if verb == "unmerge":
            one = self.some(f"sources.{kind}", merged_into__isnull=False)
        body = {"merge": {"into": other}, "unmerge": {}}.get(verb, {"from": other})
        return "POST", f"{kind.lower()}s/{one}/{verb}/", body

    def move(self):
        quote, to = self.some("quotes.Quote"), self.some("sources.Speaker")
        body = {"to": to, "quotes": [quote], "reason": "Somebody else said it."}
        return "POST", f"speakers/{self.some('sources.Speaker')}/reattribute/", body

    def take_back(self):
        verb = self.chance.choice(("withdraw", "reinstate"))
        return "POST", f"articles/{self.some('sources.Article')}/{verb}/", {"reason": "A hoax."}

    def destroy(self):
        model = self.chance.choice(("sources.Speaker", "sources.Article", "quotes.Quote"))
        place = f"{model.split('.')[1].lower()}s"
        return self.chance.choice(("DELETE", "PUT")), f"{place}/{self.some(model)}/", {}

    REQUESTS = (
        *([file] * 5 + [capture] + [propose] * 3 + [patch] * 4 + [step] * 6),
        *(make, join, move, take_back, destroy),
    )


# What they may


class Ledger:
    """Who changed what, and whether they may."""

    def __init__(self, users: dict):
        from quotes.models import LastFiling, OutletBinding, Quote
        from sources.models import Article, Outlet

        self.users = {str(user): name for name, user in users.items()}
        self.ids = {name: user.pk for name, user in users.items()}
        first = LastFiling.objects.filter(is_first=True)
        self.filed = set(first.values_list("article_id", "user_id"))
        bound = OutletBinding.objects.values_list("user_id", "outlet")
        led = Outlet.objects.survivors({outlet for _, outlet in bound})
        self.bound = {(user, led[outlet]) for user, outlet in bound}
        self.filers = dict(Quote.objects.values_list("pk", "filed_by_id"))
        self.outlets = dict(Article.objects.values_list("pk", "outlet_id"))

    def faults(self, since: int) -> tuple[Counter, list[str]]:
        """How many revisions each user made, and what is wrong with any."""
        from sources.models import Revision

        made, faults, states = Counter(), [], {}
        for one in Revision.objects.order_by("pk").iterator():
            before, states[one.subject_id] = states.get(one.subject_id), one.state
            if one.pk <= since:
                continue
            name = self.users.get(one.actor)
            made[name, one.subject_type] += 1
            if why := self.fault(name, one, before):
                changed = {f: one.state.get(f) for f in one.fields if f not in ALWAYS}
                faults.append(
                    f"{name}: {one.verb} {one.subject_type} {one.subject_id}: {why} {changed}"
                )
        return made, faults

    def fault(self, name: str | None, one, before: dict | None) -> str | None:
        changed = set(one.fields) - ALWAYS
        if name is None:
            return f"made by {one.actor}"
        if name == "reader":
            return "a reader changes nothing"
        if before and one.subject_type == "quote" and before["status"] in PUBLIC:
            claims = changed & CLAIMS
            if letters(before["text"]) == letters(one.state["text"]):
                claims -= {"text"}
            if name == "curator" and one.verb != "corrected":
                claims -= MOVED  # merges; a trigger tells them from other changes
            if claims and len(one.state["corrections"]) <= len(before["corrections"]):
                return f"{sorted(claims)} without a note"
        if name == "curator":
            return None
        return getattr(self, f"of_{one.subject_type}", self.of_others)(name, one, before, changed)

    def may_file(self, name: str, article) -> bool:
        user, article = self.ids[name], UUID(str(article))
        return (article, user) in self.filed or (user, self.outlets.get(article)) in self.bound

    def of_quote(self, name, one, before, changed) -> str | None:
        is_filer, after = self.filers[one.subject_id] == self.ids[name], one.state
        if before is None:
            good = after["status"] == "proposed" and is_filer
            return None if good else "a contributor only proposes"
        own = is_filer or (self.ids[name], UUID(after["outlet_id"] or NOBODY)) in self.bound
        if own and {before["status"], after["status"]} <= UNSEEN:
            return None
        if changed <= {"utterance_id"} or (
            changed == {"flags"} and set(before["flags"]) < set(after["flags"])
        ):
            return None
        is_public = before["status"] in PUBLIC
        added = {each for each in changed if not is_public and before[each] in (None, "", [])}
        if {before["status"], after["status"]} <= UNSEEN:
            added |= {
                "status",
                "reason",
            }  # a complete filing leaves quotes out and names them again
        if wrong := changed - FOLLOWS - added:
            return f"{sorted(wrong)} of a quote that is not an own proposal"
        return None if self.may_file(name, after["article_id"]) else "of somebody else's article"

    def of_article(self, name, one, before, changed) -> str | None:
        return None if self.may_file(name, one.subject_id) else "somebody else's article"

    def of_snapshot(self, name, one, before, changed) -> str | None:
        return None if self.may_file(name, one.state["article_id"]) else "somebody else's article"

    def of_speaker(self, name, one, before, changed) -> str | None:
        if before is None or (
            before["kind"] == "unknown" and changed <= {"kind", "organisation_id"}
        ):
            return None
        return f"{sorted(changed)} of a speaker on record"

    def of_utterance(self, name, one, before, changed) -> str | None:
        return None  # follows the quotes

    def of_others(self, name, one, before, changed) -> str | None:
        if before is not None and changed:
            return f"{sorted(changed)} of a record"
        if one.subject_type in ("affiliation", "outletbinding"):
            return "only a curator makes one"
        if one.subject_type == "outlet" and name == "bound":
            return "bound to another outlet"
        return None


def letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


# The run


def prepare() -> tuple[dict, dict]:
    """Users and their tokens, by the name of the user."""
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Group
    from knox.models import AuthToken

    from quotes.models import OutletBinding
    from tests.records import make_affiliation, make_outlet, make_speaker

    users, tokens = {}, {}
    for name, group in ROLES.items():
        users[name] = get_user_model().objects.create(username=name)
        users[name].groups.add(Group.objects.get(name=group))
        tokens[name] = AuthToken.objects.create(user=users[name])[1]
    OutletBinding.objects.create(user=users["bound"], outlet=make_outlet(BOUND).pk)
    for name in OTHERS:
        make_outlet(name)
    for name in NAMES[:2]:
        make_affiliation(speaker=make_speaker(name), role="chair")
    return users, tokens


def newest_revision() -> int:
    from sources.models import Revision

    return Revision.objects.latest("pk").pk


def run(port: int, seconds: float, seed: int = 1) -> list[str]:
    """Have all write at once, then return what anybody changed that they may not."""
    users, tokens = prepare()
    since = newest_revision()
    until = time.monotonic() + seconds
    writers = {
        name: Writer(Client(port, token), random.Random(f"{seed} {name}"))
        for name, token in tokens.items()
    }
    threads = [threading.Thread(target=each.write, args=(until,)) for each in writers.values()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made, faults = Ledger(users).faults(since)
    for name, writer in writers.items():
        answers = ", ".join(f"{n:,} × {status}" for status, n in sorted(writer.answers.items()))
        revisions = ", ".join(f"{n:,} of {kind}" for (who, kind), n in made.items() if who == name)
        say(f"{name}: {writer.turn:,} requests, answered {answers}; revisions: {revisions or 0}")
    faults += [
        f"{name}: {number} answers {status}"
        for name, writer in writers.items()
        for status, number in writer.answers.items()
        if status >= 500 and status != 503
    ]
    return faults


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=whole(1), default=10, help="(default: %(default)s)")
    given = parser.parse_args()

    os.environ["PYTHONPATH"] = str(ROOT)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.own_cluster"
    os.environ["ONRECORD_THROTTLE_TOKEN"] = "1000000/s"
    from tests.config.database.test_embedded import a_directory

    with a_directory() as directory:
        os.environ["BENCH_CLUSTER"] = str(directory / "pg")
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection

        call_command("migrate", verbosity=0)
        port = free_port()
        server = serve(port, directory / "server.log", workers=2)
        try:
            faults = run(port, 60 * given.minutes)
        finally:
            server.terminate()
            server.wait()
            connection.close()
            connection.close_pool()
    for fault in faults:
        say(f"WRONG {fault}")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
