"""The guides' files and commands work. `operations.py` follows them all; here, what reads them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.machine import Guides, Machine, settings_of

BENCH = Path(__file__).with_name("operations.py")


def test_every_block_of_the_guides_is_handed_out_once():
    guides = Guides("operations", "backups", "erasure")
    unit = guides.take("/etc/systemd/system/onrecord.service")
    assert settings_of(unit.code)["Restart"] == ["always"]
    assert "CREATE ROLE onrecord_owner" in guides.take("CREATE ROLE onrecord_owner").code
    assert len(guides.left()) == len(guides.blocks) - 2
    for words, guide in (("no such words", "operations"), ("manage.py", "operations")):
        with pytest.raises(SystemExit):
            guides.take(words, guide)


def test_commands_are_run_with_the_places_of_this_machine(tmp_path):
    machine = Machine(tmp_path)
    (tmp_path / "srv/onrecord").mkdir()
    assert machine.run("echo db.example/onrecord /srv/backups …") == (
        f"127.0.0.1:{machine.database}/onrecord {tmp_path}/srv/backups trial-word\n"
    )
    with pytest.raises(SystemExit, match="FAILED: false"):
        machine.run("false")


def test_a_setting_of_a_unit_may_be_given_several_times():
    assert settings_of("[Service]\nExecStart=a b=c\nExecStart=d\nRestart=always\n") == {
        "ExecStart": ["a b=c", "d"],
        "Restart": ["always"],
    }


def test_it_says_what_it_does():
    done = subprocess.run([sys.executable, BENCH, "--help"], capture_output=True, text=True)
    assert done.returncode == 0
    assert "--install" in done.stdout
