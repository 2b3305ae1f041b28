"""The examples of the OpenAPI document are what the service answers."""

import json
import os
from pathlib import Path

import pytest

from config import schema
from tests.config.story import HOST, RECORD, Player, lasting, play_story
from tests.config.test_schema import document  # noqa: F401 (a fixture)
from tests.quotes.webhooks import receivers

pytestmark = pytest.mark.xdist_group("schema")  # one worker makes the document

NOT_PLAYED = {"fileArticles": "it answers lines, which the document describes one by one"}

FILE = Path(schema.__file__).parent / "examples.json"


def object_of(members: dict[str, str]) -> str:
    """A JSON object whose members are JSON already, each on a line of its own."""
    lines = ",\n".join(f"{json.dumps(name)}: {member}" for name, member in members.items())
    return f"{{\n{lines}\n}}"


def one_a_line(exchanges: dict) -> str:
    """The exchanges as JSON, each on one line."""
    return object_of(
        {
            name: object_of({at: json.dumps(each, ensure_ascii=False) for at, each in some.items()})
            for name, some in exchanges.items()
        }
    )


@pytest.mark.django_db(transaction=True)
def test_every_example_is_what_the_service_answers(document, settings):  # noqa: F811
    settings.ALLOWED_HOSTS = [HOST, "testserver"]
    settings.ONRECORD_PUBLIC_URL = f"https://{HOST}"
    settings.ONRECORD_WEBHOOK_PRIVATE_HOSTS = [receivers.HOST]
    play = Player(document)
    with receivers.receiving() as receiver:
        receiver.usual, receiver.body = 503, b"Down for maintenance"
        play_story(play, receiver)
    played = lasting(play.kept)
    if os.environ.get("RECORD_EXAMPLES"):
        FILE.write_text(f"{one_a_line(played)}\n")
        return
    for name in played | schema.EXCHANGES:
        assert played.get(name) == schema.EXCHANGES.get(name), (
            f"{name} answers otherwise than the document says. If the new answer is right, "
            f"record it: {RECORD}"
        )


def test_every_operation_is_in_the_story(document):  # noqa: F811
    names = {
        operation["operationId"]
        for operations in document["paths"].values()
        for operation in operations.values()
    }
    missing = names - schema.EXCHANGES.keys() - NOT_PLAYED.keys()
    assert not missing, (
        f"Call {', '.join(sorted(missing))} in tests/config/story.py, then record the answers: "
        f"{RECORD}"
    )
