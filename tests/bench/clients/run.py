"""Generate two clients of the API, compile them, and run the guide's programs with them.

    uv run python tests/bench/clients/run.py

Takes the programs from `config/guides/clients.md`, so that what the guide shows is what runs.
Starts the service on a database cluster of its own, makes a token for each group, and generates a
client with openapi-python-client and with @hey-api/openapi-ts. Python is compiled, TypeScript is
checked by `tsc` in strict mode. Each program has to print what the guide shows. Exits with 1 if one
does not.

Needs uv and Node.js, which fetch the generators into their own caches. Takes two minutes.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PYTHON_GENERATOR = "openapi-python-client"
NODE_PACKAGES = ("@hey-api/openapi-ts", "typescript@5", "tsx", "@types/node")
TS_CONFIG = """{
  "compilerOptions": {
    "strict": true, "noUncheckedIndexedAccess": true, "target": "es2022", "skipLibCheck": true,
    "module": "esnext", "moduleResolution": "bundler", "types": ["node"], "noEmit": true
  },
  "files": ["desk.ts"]
}
"""


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def run(*command: str, folder: Path, **environment: str) -> str:
    """Run a command; return what it prints, or stop with it."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


def programs() -> list[tuple[str, str, str]]:
    """Language, code and expected output of each program of the guide."""
    from tests.config.guides.documents import blocks

    listed = blocks("clients")
    return [
        (block.language, block.code, shown.code)
        for block, shown in pairwise(listed)
        if block.mark == "client"
    ]


def prepare(folder: Path) -> dict[str, str]:
    """Make the database and the tokens."""
    from django.core.management import call_command

    from tests.conftest import make_client

    call_command("migrate", verbosity=0)
    tokens = {}
    for name, group in (("CONTRIBUTOR", "Contributors"), ("CURATOR", "Curators")):
        header = make_client(group)._credentials["HTTP_AUTHORIZATION"]
        tokens[name] = header.removeprefix("Token ")
    return tokens


def generate(folder: Path, base: str) -> None:
    """Generate both clients, and say how large they are and whether they compile."""
    document = folder / "on-record.yaml"
    with urllib.request.urlopen(f"{base}/api/v1/schema/", timeout=60) as answer:
        document.write_bytes(answer.read())
    run(
        *("uv", "tool", "run", PYTHON_GENERATOR, "generate", "--path", str(document)),
        *("--meta", "none", "--output-path", str(folder / "on_record_client"), "--overwrite"),
        folder=ROOT,
    )
    run(sys.executable, "-m", "compileall", "-q", "on_record_client", folder=folder)
    models = len([*(folder / "on_record_client" / "models").glob("*.py")])
    say(f"{PYTHON_GENERATOR}: {models} models, compiled")
    (folder / "package.json").write_text('{"type": "module", "private": true}')
    run("npm", "install", "--silent", "--no-fund", "--no-audit", *NODE_PACKAGES, folder=folder)
    run(
        *("npx", "openapi-ts", "--input", str(document), "--output", "client"),
        folder=folder,
    )
    say("@hey-api/openapi-ts: generated")


def check(folder: Path, language: str, code: str, shown: str, environment: dict) -> bool:
    """Run a program; return whether it prints what the guide shows."""
    if language == "ts":
        (folder / "desk.ts").write_text(code)
        (folder / "tsconfig.json").write_text(TS_CONFIG)
        run("npx", "tsc", "--project", ".", folder=folder)
        printed = run("npx", "tsx", "desk.ts", folder=folder, **environment)
    else:
        (folder / "desk.py").write_text(code)
        command = ("uv", "run", "--no-project", "--with", "httpx,attrs,python-dateutil", "desk.py")
        printed = run(*command, folder=folder, **environment)
    says_so = printed == shown
    say(f"{language}: {code.splitlines()[0]} {'as the guide shows' if says_so else printed}")
    return says_so


def main() -> None:
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    sys.path.insert(0, str(ROOT))
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.own_cluster"
    from tests.bench.follow_changes import free_port, serve
    from tests.config.database.test_embedded import a_directory

    for program in ("uv", "npm", "npx", "node"):
        if shutil.which(program) is None:
            sys.exit(f"There is no {program}.")
    with a_directory() as directory, tempfile.TemporaryDirectory() as made:
        os.environ["BENCH_CLUSTER"] = str(directory / "pg")
        import django

        django.setup()
        from django.db import connection

        folder, port = Path(made), free_port()
        environment = prepare(folder) | {"BASE": f"http://127.0.0.1:{port}"}
        server = serve(port, directory / "server.log", workers=1)
        try:
            generate(folder, environment["BASE"])
            good = [check(folder, *program, environment) for program in programs()]
        finally:
            server.terminate()
            server.wait()
            connection.close()
            connection.close_pool()
    sys.exit(0 if good and all(good) else 1)


if __name__ == "__main__":
    main()
