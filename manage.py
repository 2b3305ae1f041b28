#!/usr/bin/env python
import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] == ["demo"] and "--work" not in sys.argv:
        print("Loading On Record.", flush=True)  # noqa: T201 (which takes seconds the first time)
    from django.core.management import execute_from_command_line

    from sources.ledger.actor import audit_context

    with audit_context(channel=f"command:{sys.argv[1] if len(sys.argv) > 1 else 'help'}"):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
