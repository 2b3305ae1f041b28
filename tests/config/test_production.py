"""The files and settings that the guide to operations gives for production."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from django.conf import settings

GUIDE = (settings.BASE_DIR / "config" / "guides" / "operations.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language} production\n(.*?)```", GUIDE, re.DOTALL)


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


def test_the_units_of_the_guide_are_valid_and_restart_always(tmp_path):
    units = [block for block in blocks("ini") if "[Unit]" in block]
    assert len(units) == 2
    for number, unit in enumerate(units):
        assert "Restart=always" in unit
        # What is not installed here: the account and the checkout.
        unit = unit.replace("User=onrecord", "User=root").replace("/srv/onrecord", "/")
        file = tmp_path / f"onrecord-{number}.service"
        file.write_text(re.sub(r"ExecStart=\S+", "ExecStart=/bin/echo", unit))
        checked = run(needs("systemd-analyze"), "verify", "--man=no", file)
        assert f"onrecord-{number}" not in checked.stderr, checked.stderr


def test_nginx_accepts_the_configuration_of_the_guide(tmp_path):
    nginx, (server,) = needs("nginx"), blocks("nginx")
    pem = tmp_path / "own.pem"
    made = run(
        *(needs("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=own"),
        *("-keyout", pem, "-out", tmp_path / "certificate.pem"),
    )
    assert made.returncode == 0, made.stderr
    server = re.sub(r"ssl_certificate \S+;", f"ssl_certificate {tmp_path}/certificate.pem;", server)
    server = re.sub(r"ssl_certificate_key \S+;", f"ssl_certificate_key {pem};", server)
    file = tmp_path / "nginx.conf"
    file.write_text(f"pid {tmp_path}/pid; events {{}} http {{ {server} }}")
    checked = run(nginx, "-t", "-q", "-c", file, "-p", tmp_path, "-e", tmp_path / "log")
    assert checked.returncode == 0, checked.stderr


def test_caddy_accepts_the_configuration_of_the_guide(tmp_path):
    caddy, (given,) = needs("caddy"), blocks("caddy")
    file = tmp_path / "Caddyfile"
    if re.match(r"v?2\.[0-6]\.", run(caddy, "version").stdout):
        given = given.replace("request_buffers 6MB", "buffer_requests")
    file.write_text(given)
    home = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    checked = run(caddy, "adapt", "--validate", "--config", file, env=home)
    assert checked.returncode == 0, checked.stderr
