"""The files and settings that the guides give for production."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from django.conf import settings

GUIDES = "".join(
    (settings.BASE_DIR / "config" / "guides" / f"{name}.md").read_text()
    for name in ("operations", "backups", "checkpoints")
)


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language} production\n(.*?)```", GUIDES, re.DOTALL)


def units() -> dict[str, str]:
    """The units of the guides by the names of their files."""
    named = r"`/etc/systemd/system/([\w.-]+)`:\n\n```ini production\n(.*?)```"
    return dict(re.findall(named, GUIDES, re.DOTALL))


def run(*command, **options) -> subprocess.CompletedProcess:
    return subprocess.run(command, check=False, capture_output=True, text=True, **options)


def needs(program: str) -> str:
    if (path := shutil.which(program)) is None:
        pytest.skip(f"there is no {program}")
    return path


def test_with_the_variables_of_the_guide_the_deployment_check_is_silent():
    variables = dict(line.split("=", 1) for line in blocks("ini")[0].splitlines())
    variables["SECRET_KEY"] = "k3J_vX9-q2LmT7wRzB4nYcE8sHfA1dGoU6pNiQbVrKtM0xWj5ZyCe"
    place = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    checked = run(
        *(sys.executable, "manage.py", "check", "--deploy", "--fail-level=WARNING"),
        cwd=settings.BASE_DIR,
        env=place | variables,
    )
    assert checked.returncode == 0, checked.stderr
    assert "no issues" in checked.stdout


def test_the_units_of_the_guides_are_valid(tmp_path):
    assert len(units()) == sum("[Unit]" in block for block in blocks("ini")) == 8
    for name, unit in units().items():
        # What is not installed here: the account and the checkout.
        unit = unit.replace("User=onrecord", "User=root").replace("/srv/onrecord", "/")
        (tmp_path / name).write_text(re.sub(r"ExecStart=\S+", "ExecStart=/bin/echo", unit))
    files = [tmp_path / name for name in units()]
    checked = run(needs("systemd-analyze"), "verify", "--man=no", *files)
    assert "onrecord" not in checked.stderr, checked.stderr


def test_what_runs_is_always_started_again_and_what_is_timed_ends():
    for name, unit in units().items():
        kind = name.rpartition(".")[2]
        if kind == "timer":
            assert name.replace("timer", "service") in units()
        elif name.replace("service", "timer") in units():
            assert "Type=oneshot" in unit
        else:
            assert "Restart=always" in unit
            assert "StartLimitIntervalSec=0" in unit  # else systemd gives up after five starts


def test_nginx_accepts_the_configuration_of_the_guide(tmp_path):
    nginx, (conf,) = needs("nginx"), blocks("nginx")
    pem = tmp_path / "own.pem"
    made = run(
        *(needs("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=own"),
        *("-keyout", pem, "-out", tmp_path / "certificate.pem"),
    )
    assert made.returncode == 0, made.stderr
    conf = re.sub(r"ssl_certificate \S+;", f"ssl_certificate {tmp_path}/certificate.pem;", conf)
    conf = re.sub(r"ssl_certificate_key \S+;", f"ssl_certificate_key {pem};", conf)
    file = tmp_path / "nginx.conf"
    file.write_text(f"pid {tmp_path}/pid; events {{}} http {{ {conf} }}")
    checked = run(nginx, "-t", "-q", "-c", file, "-p", tmp_path, "-e", tmp_path / "log")
    assert checked.returncode == 0, checked.stderr


def test_caddy_accepts_the_configuration_of_the_guide(tmp_path):
    caddy, (given,) = needs("caddy"), blocks("caddy")
    file = tmp_path / "Caddyfile"
    if re.match(r"v?2\.[0-6]\.", run(caddy, "version").stdout):
        given = re.sub(r"request_buffers \S+", "buffer_requests", given)
    file.write_text(given)
    home = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    checked = run(caddy, "adapt", "--validate", "--config", file, env=home)
    assert checked.returncode == 0, checked.stderr
