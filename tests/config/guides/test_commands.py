"""Every command of the README and the guides does what is shown.

`sh` and `python` blocks are run in order, each document in a folder of its own; what the `json` or
`text` block after one shows is compared by shape. A word after the language says why a block is not
run: see `NOT_RUN`. Of such blocks the syntax is checked, and that the commands exist.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import psutil
import psycopg
import pytest
from django.core.management import get_commands, load_command_class
from django.db import connection

from tests.bench.follow_changes import free_port
from tests.config.database.test_embedded import wait_until
from tests.config.guides.documents import BASE, DOCUMENTS, Block, blocks
from tests.config.guides.shapes import differences, differs_as_text, shape_of

NOT_RUN = {
    "server": "starts something that does not end",
    "install": "installs tools, or is the suite itself",
    "production": "is for a server of one's own, or a bench of hours",
    "client": "needs a generated client: `tests/bench/clients/run.py` runs it",
    "example": "shows something that takes a history to come about",
}
"""Marks of blocks that are only checked: their syntax, and that what they name exists."""

OTHER_LANGUAGES = {"js": "node", "r": "Rscript"}
"""Run if the program is installed."""

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
        script = (BASE / path).read_text()
        if "command_line(" in script:
            script += (BASE / "tests/bench/archives.py").read_text()
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
            cwd=BASE,
            env={**os.environ, "DATABASE_URL": url, "SECRET_KEY": "for the guides " * 4},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        beside = []
        try:
            wait_until(lambda: process.poll() is not None or is_served(port), seconds=300)
            tokens = re.findall(r"(Reader|Curator|Contributor)s +(\w{32,})", printed.read_text())
            assert len(tokens) == 3, printed.read_text()
            beside = psutil.Process(process.pid).children(recursive=True)
            yield Demo(f"http://127.0.0.1:{port}", {group.upper(): key for group, key in tokens})
        finally:
            process.terminate()
            process.wait(timeout=60)
            psutil.wait_procs(beside, timeout=30)
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


def test_what_is_shown_is_compared_by_shape():
    shown = shape_of('{"a": "x", "list": [{"n": 1, …}, …], "any": …, "none": null}')
    real = {"a": "y", "list": [{"n": 2, "m": 3}], "any": [], "none": None}
    assert differences(shown, real) == []
    for name, value in {"a": 1, "list": [{"m": 3}], "none": "x", "more": 1}.items():
        assert differences(shown, {**real, name: value})
    assert differences(shown, {"a": "y"})
    assert differences(shape_of("[]"), [1])
    assert differences(shape_of("[1]"), [])
    assert differences(shape_of("[1]"), [1, 2])
    assert not differences(shape_of("[1, …]"), [1, 2])
    assert differs_as_text("a…\n…\nz\n", "about\nb\nz\n") is None
    assert differs_as_text("a\n", "b\n")
