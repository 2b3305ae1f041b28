"""README and guides: served as pages, every link leads somewhere, every command does what is shown.

The fence of a block says what it is. `sh` and `python` are run in order, each document in a folder
of its own; what the `json` or `text` block after it shows is compared by shape, with `…` for
anything. A word after the language says why a block is not run: see `NOT_RUN`.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import urllib.request
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.db import connection
from django.urls import Resolver404, resolve
from markdown_it import MarkdownIt
from rest_framework.exceptions import APIException

from config.guides.views import GUIDES, Guide, guides, served, text_of
from quotes.api.filters import QuoteFilters
from quotes.api.serializers import CorrectionSerializer, QuoteSerializer, ViaSerializer
from quotes.models import Quote, Via
from quotes.models.workflow import PUBLIC, open_steps
from sources.api.serializers import (
    AffiliationSerializer,
    ArticleSerializer,
    OrganisationSerializer,
    OutletSerializer,
    SpeakerSerializer,
)
from sources.models import Speaker
from tests.bench.follow_changes import free_port
from tests.config.database.test_embedded import wait_until

FOLDER = Path(settings.BASE_DIR) / "config" / "guides"
README = Path(settings.BASE_DIR) / "README.md"
DOCUMENTS = {"README": README} | {name: FOLDER / f"{name}.md" for name in GUIDES}

NOT_RUN = {
    "server": "starts something that does not end",
    "install": "installs tools, or is the suite itself",
    "production": "is for a server of one's own, or a bench of hours",
    "example": "shows something that takes a history to come about",
}
"""Marks of blocks that are only checked: their syntax, and that what they name exists."""

OTHER_LANGUAGES = {"js": "node", "r": "Rscript"}
"""Run where such a program is installed."""


class Block(NamedTuple):
    language: str
    mark: str
    code: str
    line: int


@cache
def tokens_of(document: str):
    return MarkdownIt().enable("table").parse(DOCUMENTS[document].read_text("utf-8"))


@cache
def blocks(document: str) -> list[Block]:
    fences = [token for token in tokens_of(document) if token.type == "fence"]
    return [
        Block(*(*fence.info.split(), "", "")[:2], fence.content, fence.map[0] + 1)
        for fence in fences
    ]


# As pages


def test_every_guide_is_served(client):
    assert {file.stem for file in FOLDER.glob("*.md")} == set(GUIDES)
    index = client.get("/guides/").content.decode()
    for name, guide in guides().items():
        assert f'href="/guides/{name}/"' in index
        answer = client.get(f"/guides/{name}/")
        page = answer.content.decode()
        assert f"<h1>{guide.title}</h1>" in re.sub(r' id="[^"]*"', "", page)
        for section in guide.sections:
            assert f'id="{section.anchor}"' in page
            assert f'href="#{section.anchor}"' in page
        assert "<script" not in page
        assert "style=" not in page
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_there_is_no_other_guide(client):
    assert client.get("/guides/nothing/").status_code == 404
    assert client.post("/guides/").status_code == 405


def test_the_admin_and_the_explorer_lead_to_the_guides(admin_client):
    for page in ("/admin/", "/api/v1/docs/"):
        assert 'href="/guides/"' in admin_client.get(page).content.decode()


def test_html_in_a_guide_is_shown_as_text(tmp_path, monkeypatch):
    words = "A <script>alert(1)</script> [link](javascript:alert(1))"
    (tmp_path / "hostile.md").write_text(f"# Title\n\n{words}\n\n## Twice\n\n## Twice\n")
    monkeypatch.setattr("config.guides.views.__file__", str(tmp_path / "views.py"))
    guide = Guide("hostile")
    assert "<script" not in str(guide)
    assert "href" not in str(guide)
    assert [section.anchor for section in guide.sections] == ["twice", "twice-1"]


# Links


def anchors_of(path: Path) -> set[str]:
    (name,) = [name for name, file in DOCUMENTS.items() if file == path]
    seen, anchors = {}, set()
    tokens = tokens_of(name)
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            text = text_of(tokens[index + 1]).lower()
            anchor = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
            seen[anchor] = seen.get(anchor, -1) + 1
            anchors.add(anchor + (f"-{seen[anchor]}" if seen[anchor] else ""))
    return anchors


def leads_somewhere(href: str, document: str) -> bool:
    if re.match(r"https?://", href):
        return True
    if href.startswith("/"):
        try:
            return bool(resolve(href.partition("#")[0]))
        except Resolver404:
            return False
    target, _, anchor = href.partition("#")
    path = (DOCUMENTS[document].parent / target).resolve() if target else DOCUMENTS[document]
    if target and document != "README" and not served(href).startswith("/guides/"):
        return False  # a page cannot link to what is only a file
    return path.exists() and (not anchor or anchor in anchors_of(path))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document):
    inline = [child for token in tokens_of(document) for child in token.children or ()]
    links = [child.attrGet("href") for child in inline if child.type == "link_open"]
    assert [link for link in links if not leads_somewhere(link, document)] == []


# Commands that are not run


def words_of(document: str) -> str:
    """The whole document, with continued lines joined."""
    return re.sub(r"\\\n\s*", "", DOCUMENTS[document].read_text("utf-8"))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_of_manage_and_its_options_exist(document):
    for name, rest in re.findall(r"manage\.py ([a-z_]+)([^`\n|&;]*)", words_of(document)):
        assert name in get_commands(), name
        app = get_commands()[name]
        command = load_command_class(app, name) if isinstance(app, str) else app
        known = command.create_parser("manage.py", name)._option_string_actions
        for option in re.findall(r"(?<=\s)--[a-z][a-z-]*", rest):
            assert option in known, f"{name} {option}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_script_and_its_options_exist(document):
    for path, rest in re.findall(r"\b(tests/[\w/]+\.py)([^`\n|&;]*)", words_of(document)):
        script = (Path(settings.BASE_DIR) / path).read_text()
        for option in re.findall(r"(?<=\s)--[a-z][a-z-]*", rest):
            assert f'"{option}"' in script, f"{path} {option}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_shell_block_can_be_parsed(document):
    for block in blocks(document):
        assert block.mark in {"", "forever", *NOT_RUN}, block
        if block.language == "sh":
            checked = subprocess.run(
                ["bash", "-n"], input=block.code, text=True, capture_output=True, check=False
            )
            assert not checked.stderr, f"{document}:{block.line} {checked.stderr}"


# Commands that are run


PREPARE = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import django
django.setup()
from django.conf import settings
from django.core.management import call_command
settings.DATABASE_URL = None  # demo refuses databases of one's own; this one is the test's
call_command("demo", port=int(sys.argv[1]))
"""


class Demo(NamedTuple):
    """The demo, served from a database of the test's own."""

    url: str
    tokens: dict[str, str]

    def at(self, code: str) -> str:
        """A block with this server and these tokens for those of the documents."""
        code = code.replace("http://127.0.0.1:8000", self.url)
        return re.sub(
            r"\b(READER|CONTRIBUTOR|CURATOR)=…", lambda m: f"{m[1]}={self.tokens[m[1]]}", code
        )


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker, tmp_path_factory):
    with django_db_blocker.unblock():
        if not connection.is_embedded:
            pytest.skip("the demo is of the embedded server")
        connection.ensure_connection()
        place = connection.settings_dict
    name = f"guides_{os.getpid()}"
    where = {"host": place["HOST"], "port": str(place["PORT"]), "user": place["USER"]}
    port = free_port()
    url = f"postgres://{where['user']}@/{name}?host={where['host']}&port={where['port']}"
    printed = tmp_path_factory.mktemp("demo") / "printed"
    maintenance = psycopg.connect(**where, dbname="postgres", autocommit=True)
    with maintenance as server, printed.open("w") as out:
        server.execute(
            f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0"
            " LOCALE_PROVIDER builtin BUILTIN_LOCALE 'PG_UNICODE_FAST'"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", PREPARE, str(port)],
            cwd=settings.BASE_DIR,
            env={**os.environ, "DATABASE_URL": url, "SECRET_KEY": "for the guides " * 4},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_until(lambda: process.poll() is not None or is_served(port), seconds=300)
            tokens = re.findall(r"(Reader|Curator|Contributor)s +(\w{32,})", printed.read_text())
            assert len(tokens) == 3, printed.read_text()
            yield Demo(f"http://127.0.0.1:{port}", {group.upper(): key for group, key in tokens})
        finally:
            process.terminate()
            process.wait(timeout=60)
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def is_served(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/"):
            return True
    except OSError:
        return False


class Runner:
    """Runs blocks one after the other, each with what those before it exported and defined."""

    def __init__(self, folder: Path, demo: Demo):
        self.folder, self.demo = folder, demo

    def run(self, block: Block) -> str:
        program = {"sh": "bash", "python": sys.executable}.get(block.language)
        program = program or shutil.which(OTHER_LANGUAGES[block.language])
        (self.folder / "block").write_text(self.demo.at(block.code))
        code = {
            "sh": "source ./block; { export -p; declare -f; } > .state",
            "js": f"cp block block.js && {program} block.js",
        }.get(block.language, f"{program} ./block")
        done = self.shell(f"set -euo pipefail; {code}")
        assert done.returncode == 0, f"line {block.line}: {done.stdout}{done.stderr}"
        return done.stdout

    def shell(self, code: str) -> subprocess.CompletedProcess:
        process = self.start(code)
        out, error = process.communicate(timeout=120)
        return subprocess.CompletedProcess(code, process.returncode, out, error)

    def start(self, code: str) -> subprocess.Popen:
        return subprocess.Popen(
            ["bash", "-c", f"if [ -f .state ]; then source ./.state; fi; {code}"],
            cwd=self.folder,
            env={k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "DJANGO"))},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run_forever(self, block: Block) -> None:
        """A program that does not end: it writes a file, and goes on."""
        (self.folder / "block").write_text(self.demo.at(block.code))
        there = {*self.folder.iterdir()}
        process = self.start(f"exec {sys.executable} ./block")
        wait_until(
            lambda: process.poll() is not None or not {*self.folder.iterdir()} <= there, seconds=60
        )
        assert process.poll() is None
        process.terminate()
        assert process.communicate(timeout=60) == ("", "")


@pytest.mark.xdist_group("guides")
@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_does_what_is_shown(document, demo, tmp_path):
    runner, each = Runner(tmp_path, demo), blocks(document)
    for block, after in pairwise([*each, None]):
        if block.language in ("json", "text", "sql") or block.mark in NOT_RUN:
            continue
        if not shutil.which(OTHER_LANGUAGES.get(block.language, "bash")):
            continue
        if block.mark == "forever":
            runner.run_forever(block)
            continue
        answer = runner.run(block)
        where = f"{document}, line {block.line}"
        if after and after.language == "json" and after.mark not in NOT_RUN:
            assert differences(shape_of(after.code), json.loads(answer)) == [], where
        elif after and after.language == "text":
            assert differs_as_text(after.code, answer) is None, where


@pytest.mark.parametrize("language", OTHER_LANGUAGES)
def test_programs_of_other_languages_are_there(language):
    """Says which blocks were not run for want of a program."""
    program = OTHER_LANGUAGES[language]
    number = sum(block.language == language for name in DOCUMENTS for block in blocks(name))
    assert number
    if not shutil.which(program):
        pytest.skip(f"there is no {program}: {number} blocks of {language} were not run")


# Shapes


class Anything:
    """Stands for `…`."""


def shape_of(shown: str):
    """JSON of a document, in which `…` stands for any value, member or element, and in a string
    for any words."""
    opened, written = [], ""
    for part in re.findall(r'"(?:[^"\\]|\\.)*"|…|.', shown, re.DOTALL):
        if part in "{[":
            opened.append(part)
        elif part in "}]":
            opened.pop()
        elif part == "…":
            member = opened[-1:] == ["{"] and not written.rstrip().endswith(":")
            part = '"…": "…"' if member else '"…"'
        written += part
    return json.loads(written)


def differences(shown, real, place: str = "") -> list[str]:
    """How JSON differs in shape from what is shown: the same members, values of the same type.

    Every element of a list has the shape of one that is shown.
    """
    if shown == "…":
        return []
    if type(shown) is not type(real) and not (shown is None or real is None):
        return [f"{place}: {type(real).__name__}, shown as {type(shown).__name__}"]
    if (shown is None) != (real is None):
        return [f"{place}: {real!r:.60}, shown as {shown!r:.60}"]
    if isinstance(shown, dict):
        missing = shown.keys() - real.keys() - {"…"}
        more = set() if "…" in shown else real.keys() - shown.keys()
        found = [f"{place}: no {name}" for name in missing]
        found += [f"{place}: {name} is not shown" for name in more]
        for name in shown.keys() & real.keys():
            found += differences(shown[name], real[name], f"{place}/{name}")
        return found
    if isinstance(shown, list):
        kinds = [one for one in shown if one != "…"]
        if bool(kinds) != bool(real) and (kinds or "…" not in shown):
            return [f"{place}: {len(real)} elements, shown with {len(kinds)}"]
        found = [[differences(kind, one, place) for kind in kinds] for one in real]
        return next((min(each, key=len) for each in found if each and all(each)), [])
    return []


def differs_as_text(shown: str, real: str) -> str | None:
    """The first line that is not as shown; `…` stands for anything, alone for any lines."""
    lines = [re.escape(line).replace("…", ".*") for line in shown.rstrip("\n").split("\n")]
    pattern = "\n".join("(?:.*\n?)*" if line == ".*" else line for line in lines)
    if re.fullmatch(pattern, real.rstrip("\n")):
        return None
    there = real.split("\n")
    return next(
        (
            f"{line!r} is not in the output"
            for line in lines
            if not any(re.fullmatch(line, one) for one in there)
        ),
        f"not in this order: {real}",
    )


def test_what_is_shown_is_compared_by_shape():
    shown = shape_of('{"a": "x", "list": [{"n": 1, …}, …], "any": …, "none": null}')
    real = {"a": "y", "list": [{"n": 2, "m": 3}], "any": [], "none": None}
    assert differences(shown, real) == []
    for name, value in {"a": 1, "list": [{"m": 3}], "none": "x", "more": 1}.items():
        assert differences(shown, {**real, name: value})
    assert differences(shown, {"a": "y"})
    assert differences(shape_of("[]"), [1])
    assert differences(shape_of("[1]"), [])
    assert differs_as_text("a…\n…\nz\n", "about\nb\nz\n") is None
    assert differs_as_text("a\n", "b\n")


# The reference says all that there is


def column(heading: str, number: int = 0) -> list[str]:
    """The cells of one column of the first table after a heading of the reference."""
    tokens = tokens_of("reference")
    start = next(
        index
        for index, token in enumerate(tokens)
        if token.type == "heading_open" and text_of(tokens[index + 1]) == heading
    )
    table = next(i for i in range(start, len(tokens)) if tokens[i].type == "tbody_open")
    end = next(i for i in range(table, len(tokens)) if tokens[i].type == "tbody_close")
    rows, cells = [], []
    for token in tokens[table:end]:
        if token.type == "inline":
            cells.append(text_of(token))
        elif token.type == "tr_close":
            rows.append(cells)
            cells = []
    return [row[number] for row in rows]


def fields_of(serializer) -> list[str]:
    return [name for name, field in serializer.fields.items() if not field.write_only]


def test_the_reference_names_every_field_of_a_quote():
    serializer = QuoteSerializer()
    names = {*fields_of(serializer)}
    for name in ("speaker", "organisation", "outlet", "article"):
        names |= {f"{name}.{part}" for part in serializer.fields[name].shows}
    names |= {f"attribution.{name}" for name in serializer.fields["attribution"].fields}
    names |= {f"via.{name}" for name in ViaSerializer().fields}
    names |= {f"corrections.{name}" for name in CorrectionSerializer().fields}
    described = QuoteSerializer().fields["anchor"]._spectacular_annotation["field"]["properties"]
    names |= {f"anchor.{name}" for name in described}
    span = described["spans"]["items"]["properties"]
    names |= {f"anchor.spans.{name}" for name in span}
    names |= {"utterance.id", "utterance.quotes", "replaced_by.id", "replaced_by.url"}
    assert {*column("A quote")} == names


def test_the_reference_names_every_field_of_other_records():
    each = {
        "article": ArticleSerializer,
        "speaker": SpeakerSerializer,
        "organisation": OrganisationSerializer,
        "outlet": OutletSerializer,
        "affiliation": AffiliationSerializer,
    }
    written = zip(column("Other records"), column("Other records", 1), strict=True)
    assert {record: fields.split() for record, fields in written} == {
        record: fields_of(serializer()) for record, serializer in each.items()
    }


@pytest.mark.parametrize(
    ("heading", "choices"),
    {
        "Flags": Quote.Flag,
        "Statuses": Quote.Status,
        "Kinds of quote": Quote.Kind,
        "Kinds of speaker": Speaker.Kind,
        "Anchor states": Quote.Anchor,
        "Steps of a reporting chain": Via.Kind,
    }.items(),
)
def test_the_reference_names_every_choice(heading, choices):
    assert sorted(column(heading)) == sorted(choices.values)


def test_the_reference_says_who_sees_each_status_and_what_comes_next():
    for status, seen, steps in zip(*(column("Statuses", n) for n in range(3)), strict=True):
        assert seen.startswith("Readers") == (status in PUBLIC)
        assert steps == (", ".join(open_steps(status)) or "none")


def test_the_reference_names_every_filter_of_quotes():
    assert sorted(column("Filters of quotes/")) == sorted(QuoteFilters.base_filters)


def test_the_reference_names_every_type_of_problem():
    def below(kind):
        for each in kind.__subclasses__():
            yield each
            yield from below(each)

    raised = {each.default_code for each in below(APIException) if each.__module__[:5] != "tests"}
    raised |= {"refused", "step-not-open", "bad-request", "forbidden", "not-found"}
    raised |= {"internal-server-error", "service-unavailable"}
    assert {*column("Errors")} == {name.replace("_", "-") for name in raised}


def test_operations_name_every_variable_of_the_environment():
    read = (Path(settings.BASE_DIR) / "config" / "settings.py").read_text()
    names = re.findall(r'(?:env\.\w+|= a_\w+)\(\s*"([A-Z_]+)"', read)
    assert len(names) > 10
    written = DOCUMENTS["operations"].read_text()
    assert [name for name in names if f"| `{name}` |" not in written] == []


# The README says what there is


def section(heading: str) -> str:
    return README.read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]


def test_the_readme_is_short():
    assert README.read_text().count("\n") <= 250


def test_the_readme_names_every_room():
    rooms = {
        file.parent.relative_to(settings.BASE_DIR)
        for file in (Path(settings.BASE_DIR)).glob("[cqs]*/*/__init__.py")
    }
    rooms -= {Path(app) / "migrations" for app in ("quotes", "sources")}
    assert {*re.findall(r"`(\w+/\w+)/`", section("Layout"))} == {*map(str, rooms)}


def test_the_readme_says_why_each_dependency_is_there():
    project = tomllib.loads((Path(settings.BASE_DIR) / "pyproject.toml").read_text())
    each = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = [re.match(r"[\w-]+", one)[0] for one in each]
    said = re.sub(r"[^a-z0-9|\n]", "", section("What it is built from").lower())
    assert [name for name in names if name.replace("-", "") not in said] == []
