"""The database roles of the operations guide: the service cannot touch the ledger."""

import os
import re
import subprocess
import sys

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from config.database import embedded
from tests.conftest import sql

pytestmark = pytest.mark.xdist_group("roles")  # one worker makes the database

GUIDE = (settings.BASE_DIR / "config" / "guides" / "operations.md").read_text()


def sql_blocks() -> list[str]:
    """What "Going to production" says to run: as the server's superuser, and after migrating."""
    section = GUIDE.partition("## Going to production")[2].partition("\n## ")[0]
    return re.findall(r"```sql\n(.*?)```", section, re.DOTALL)


class Server:
    """A database as the guide sets it up, with names that nothing else on the server has."""

    def __init__(self, name: str):
        self.owner, self.service, self.database = f"{name}_owner", name, name
        place = connection.settings_dict
        self.host, self.port = place["HOST"], str(place["PORT"])
        self.superuser = place["USER"]

    def run(self, block: str) -> None:
        """A block of SQL as psql runs it, first as the superuser."""
        named = re.sub(r"\bonrecord(?=_owner\b|\b)", self.service, block)
        done = subprocess.run(
            [embedded.binaries() / "psql", "-X", "-v", "ON_ERROR_STOP=1", "-h", self.host]
            + ["-p", self.port, "-U", self.superuser, "-d", "postgres"],
            input=named,
            text=True,
            check=False,
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr

    def connect(self, role: str) -> psycopg.Connection:
        return psycopg.connect(
            host=self.host, port=self.port, user=role, dbname=self.database, autocommit=True
        )

    def python(self, role: str, *arguments: str, fails: bool = False) -> str:
        """What a process of the service says, whose DATABASE_URL names this role."""
        place = f"{role}@/{self.database}?host={self.host}&port={self.port}"
        done = subprocess.run(
            [sys.executable, *arguments],
            env={**os.environ, "DATABASE_URL": f"postgres://{place}", "SECRET_KEY": "k" * 50},
            cwd=settings.BASE_DIR,
            check=False,
            capture_output=True,
            text=True,
        )
        assert bool(done.returncode) == fails, done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def server(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        if not connection.is_embedded:
            pytest.skip("roles are made on the embedded server only")
        connection.ensure_connection()
        server = Server(f"roles_{os.getpid()}")
        before, after = sql_blocks()
        try:
            server.run(before)
            server.python(server.owner, "manage.py", "migrate", "-v0")
            server.run(after)
            server.python(server.service, "-c", WORK)
            yield server
        finally:
            sql(f"DROP DATABASE IF EXISTS {server.database} WITH (FORCE)")
            sql(f"DROP ROLE IF EXISTS {server.owner}, {server.service}")


# Everything that the service does, as its own role. Fails at the first refusal.
WORK = """
import os
import time
from datetime import timedelta
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import django
django.setup()
from django.test.utils import setup_test_environment
setup_test_environment()
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken
from quotes.models import Quote
from sources.checkpoints.notes import Signer
from sources.checkpoints.sequencer import sequence
from sources.checkpoints.signing import sign
from sources.jobs.models import delete_old
from sources.models import IdempotentResponse, Job, Leaf
from tests.jobs import work_off
from tests.records import make_quotes
from tests.conftest import API, fresh, make_client, make_filing, ok, publish
from tests.sources.admin.test_admin import save

call_command("issue_token", "wire", "--group", "Contributors", stdout=open(os.devnull, "w"))
curator = make_client("Curators")
retry = {"Idempotency-Key": "k-1"}
filing = publish(make_filing())
filing["quotes"][0]["via"] = [{"kind": "told", "name": "NationalWorld"}]
filed = ok(curator.post(f"{API}articles/", filing, headers=retry), 201)
ok(curator.post(f"{API}articles/", filing, headers=retry), 201)
IdempotentResponse.objects.update(created=timezone.now() - timedelta(days=3))
ok(curator.post(f"{API}outlets/", {"name": "Radio"}, headers={"Idempotency-Key": "k-2"}), 201)
assert IdempotentResponse.objects.count() == 1
ok(curator.post(f"{API}articles/", {**filing, "text": "New. " + filing["text"], "quotes": []}))
page = {**filing, "html": f"<p>Newer.</p><p>{filing['text']}</p>", "quotes": []}
del page["text"]
ok(curator.post(f"{API}articles/", page))
key = filed["quotes"][0]["id"]
noted = {"language": "fr", "note": "In French."}
ok(curator.patch(f"{API}quotes/{key}/", noted, headers={"If-Match": "*"}))
for kind in ("articles", "speakers", "outlets"):
    (row, *_) = ok(curator.get(f"{API}{kind}/"))["results"]
    change = {"headline": "Other"} if kind == "articles" else {"name": "Other"}
    ok(curator.patch(f"{API}{kind}/{row['id']}/", change, headers={"If-Match": "*"}))
quote = Quote.objects.get()
quote.dispute("She denies it.")
quote.settle()
quote.correct("The end was cut.", now=timezone.now(), text="We had no choice")
quote.retract("Made up.")
proposed = make_filing(url="https://post.example/2")
one = ok(curator.post(f"{API}articles/", proposed), 201)["quotes"][0]["id"]
Quote.objects.get(pk=one).publish()
proposed["quotes"][0] |= {"via": [{"kind": "cited", "name": "Sky"}]}
ok(curator.post(f"{API}articles/", proposed))
assert ok(curator.get(f"{API}quotes/{key}/verify/"))["ok"]

hook = ok(curator.post(f"{API}webhooks/", {"url": "https://cms.example/hook"}), 201)
assert curator.delete(f"{API}webhooks/{hook['id']}/").status_code == 204

admin = get_user_model().objects.create_superuser("chief", password="pass-7-word")
browser = Client()
form = {"username": "chief", "password": "pass-8-word"}
assert browser.post("/admin/login/", form).status_code == 200
assert browser.post("/admin/login/", {**form, "password": "pass-7-word"}).status_code == 302
speaker = quote.speaker
page = f"/admin/sources/speaker/{speaker.pk}/change/"
assert save(browser, page, name="Mara Quill-Ek").status_code == 302
assert fresh(speaker).name == "Mara Quill-Ek"
many = make_quotes(101, quote.article, status="proposed")
chosen = {"index": "0", "select_across": "1", "_selected_action": str(many[0].pk)}
listed = "/admin/quotes/quote/?status__exact=proposed"
page = browser.post(listed, {"action": "publish", **chosen}).headers["Location"]
browser.post(page, {"_do": "1"})
work_off()
job = Job.objects.get()
assert (job.state, job.changed) == ("done", 101), (job.state, job.fault)
Job.objects.update(ended=timezone.now() - timedelta(days=40))
delete_old()
assert not Job.objects.exists()
browser.logout()
AuthToken.objects.filter(user=curator.user).delete()
curator.user.groups.clear()
get_user_model().objects.filter(username="wire").get().delete()
call_command("clearsessions")
call_command("check")
while not Leaf.objects.exists():  # other databases of the cluster may hold it back
    sequence()
    time.sleep(0.05)
assert sign([Signer.new("quotes.example/ledger")]).size
"""


def test_the_service_role_can_do_all_its_work_and_the_ledger_records_it(server):
    with server.connect(server.owner) as owner:
        rows = owner.execute("SELECT channel, count(*) FROM sources_revision GROUP BY 1").fetchall()
        assert {"api", "admin"} <= {channel for channel, _ in rows}
    assert "records hold." in server.python(server.owner, "manage.py", "verify", "--all", "-v0")


def test_the_service_role_can_verify_all_records(server):
    server.python(server.service, "manage.py", "verify", "--all", "-v0")


TRIGGER = "(SELECT tgname FROM pg_trigger WHERE tgname LIKE '%ledger_update%' LIMIT 1)"
FORGED = """
    INSERT INTO sources_revision (era, transaction, subject_type, subject_id, version, verb, public,
        reader_visible, fields, channel, time, link)
    VALUES (1, '1', 'quote', uuidv7(), 1, 'created', true, true, '{}', 'api', now(), '\\x00')
"""

DENIED = {
    "forge a revision": FORGED,
    "forge one by COPY": "COPY sources_revision FROM STDIN",
    "change a revision": "UPDATE sources_revision SET actor = 'me'",
    "delete a revision": "DELETE FROM sources_revision",
    "empty the ledger": "TRUNCATE sources_revision",
    "lock the ledger": "BEGIN; LOCK TABLE sources_revision IN ACCESS EXCLUSIVE MODE",
    "begin an era": "INSERT INTO sources_era VALUES (2, 'x', now())",
    "change an era": "UPDATE sources_era SET began = now()",
    "forge a leaf": "INSERT INTO sources_leaf VALUES (9, uuidv7(), 1, '\\x00')",
    "change a leaf": "UPDATE sources_leaf SET hash = hash",
    "delete a leaf": "DELETE FROM sources_leaf",
    "change a checkpoint": "UPDATE sources_checkpoint SET note = note",
    "delete a checkpoint": "DELETE FROM sources_checkpoint",
    "change a snapshot": "UPDATE sources_snapshot SET text = text",
    "delete a snapshot": "DELETE FROM sources_snapshot",
    "change a document": "UPDATE sources_sourcedocument SET format = format",
    "delete a document": "DELETE FROM sources_sourcedocument",
    "empty the snapshots": "TRUNCATE sources_snapshot CASCADE",
    "delete a quote": "DELETE FROM quotes_quote",
    "delete a speaker": "DELETE FROM sources_speaker",
    "empty the quotes": "TRUNCATE quotes_quote CASCADE",
    "drop the ledger": "DROP TABLE sources_revision",
    "alter the ledger": "ALTER TABLE sources_revision ADD COLUMN x int",
    "own the ledger": "ALTER TABLE sources_revision OWNER TO CURRENT_USER",
    "take rights": "GRANT ALL ON sources_revision TO CURRENT_USER; DELETE FROM sources_revision",
    "disable the triggers": "ALTER TABLE quotes_quote DISABLE TRIGGER ALL",
    "disable those of users": "ALTER TABLE quotes_quote DISABLE TRIGGER USER",
    "write a rule": "CREATE RULE r AS ON UPDATE TO quotes_quote DO INSTEAD NOTHING",
    "be a replica": "SET session_replication_role = replica",
    "be the owner": "SET ROLE {owner}",
    "be a superuser": "ALTER ROLE CURRENT_USER SUPERUSER",
    "make a table": "CREATE TABLE sources_other (id int)",
    "make a temporary table": "CREATE TEMPORARY TABLE sources_revision (id int)",
    "make a schema": "CREATE SCHEMA other",
    "make a function": "CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1",
    "make a temporary function": ("CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql RETURN 1"),
    "replace a function": (
        "CREATE OR REPLACE FUNCTION sources_salt() RETURNS bytea LANGUAGE sql RETURN '\\x00'"
    ),
    "replace who acts": (
        "CREATE OR REPLACE FUNCTION sources_audit_context(OUT era smallint, OUT actor text,"
        " OUT channel text, OUT request text, OUT reason text)"
        " LANGUAGE sql RETURN (1::smallint, '', '', '', '')"
    ),
    "alter a function": "ALTER FUNCTION sources_erasing() SECURITY DEFINER",
    "call a trigger's function": "SELECT {function}()",
    "hang it on a table": (
        "CREATE TRIGGER mine AFTER UPDATE ON quotes_via REFERENCING OLD TABLE AS old_rows"
        " NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
    ),
    "read a file": "SELECT pg_read_file('postmaster.pid')",
    "run a program": "COPY (SELECT 1) TO PROGRAM 'true'",
}

SWITCHES = {
    "nothing": "SELECT 1",
    "erasing": "SELECT set_config('onrecord.erasing', 'on', false)",
    "merging": "SELECT set_config('onrecord.merging', 'on', false)",
    "the triggers of pgtrigger": (
        "SELECT set_config('pgtrigger.ignore', '{quotes_quote:ledger_update}', false)"
    ),
    "another search path": "SET search_path = pg_temp, public",
}


@pytest.mark.parametrize("attempt", DENIED)
def test_the_service_cannot(server, attempt):
    with server.connect(server.owner) as owner:
        last = "SELECT count(*), max(id) FROM sources_revision"
        before = owner.execute(last).fetchone()
        function = owner.execute(
            "SELECT p.proname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE t.tgname LIKE '%ledger_update%' LIMIT 1"
        ).fetchone()[0]
        statement = DENIED[attempt].replace("{owner}", server.owner)
        statement = statement.replace("{function}", function)
        for switch in SWITCHES.values():
            with server.connect(server.service) as service:
                service.execute(switch)
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    service.execute(statement)
        assert owner.execute(last).fetchone() == before


@pytest.mark.parametrize("switch", SWITCHES)
def test_no_setting_of_the_service_role_keeps_a_change_out_of_the_ledger(server, switch):
    with server.connect(server.service) as service:
        service.execute(SWITCHES[switch])
        service.execute(
            "SELECT set_config('pgtrigger.ignore', '{quotes_quote:ledger_update}', false)"
        )
        changed = service.execute(
            "UPDATE quotes_quote SET flags = flags || 'filing_differs'::varchar"
            " WHERE id = (SELECT min(id::text)::uuid FROM quotes_quote) RETURNING id, version"
        ).fetchone()
        said = service.execute(
            "SELECT version, channel, actor FROM sources_revision WHERE subject_id = %s"
            " ORDER BY version DESC LIMIT 1",
            changed[:1],
        ).fetchone()
    assert said == (changed[1], "sql", server.service)


def test_the_service_role_cannot_erase_and_the_message_names_the_owner(server):
    with server.connect(server.owner) as owner:
        (key,) = owner.execute("SELECT id FROM quotes_quote LIMIT 1").fetchone()
    arguments = ("manage.py", "erase", "quote", str(key), "--reason", "x", "--yes")
    said = server.python(server.service, *arguments, fails=True)
    assert "Only the owner of the ledger can erase" in said


def test_the_owner_erases_and_cannot_change_the_ledger_otherwise(server):
    with server.connect(server.owner) as owner:
        (key,) = owner.execute(
            "SELECT id FROM quotes_quote WHERE status = 'published' LIMIT 1"
        ).fetchone()
        for statement in (
            "UPDATE sources_revision SET actor = 'me'",
            "DELETE FROM sources_revision",
            "TRUNCATE sources_revision",
            "DELETE FROM quotes_quote",
        ):
            for erasing in ("off", "on"):
                if erasing == "on" and statement.startswith("DELETE FROM quotes"):
                    continue
                owner.execute("SELECT set_config('onrecord.erasing', %s, false)", [erasing])
                with pytest.raises(psycopg.errors.RestrictViolation):
                    owner.execute(statement)
    arguments = ("manage.py", "erase", "quote", str(key), "--reason", "Order 7.", "--yes", "-v0")
    assert f"quote {key}" in server.python(server.owner, *arguments)
    server.python(server.owner, "manage.py", "verify", "--all", "-v0")
