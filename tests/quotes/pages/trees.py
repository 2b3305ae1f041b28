"""Pages as trees, for tests."""

from django.test import Client
from lxml import html


def opened(client: Client, path: str = "/", code: int = 200, **asked) -> html.HtmlElement:
    """The page at this path, which must have this status."""
    answer = client.get(path, asked)
    assert answer.status_code == code, (answer.status_code, answer.content[:2000])
    return html.fromstring(answer.content)


def all_of(tree, name: str) -> list:
    """Elements with this class or id, or of this tag: `.quote`, `#found`, `h1`."""
    match name[0]:
        case ".":
            where = f".//*[contains(concat(' ', @class, ' '), ' {name[1:]} ')]"
        case "#":
            where = f".//*[@id='{name[1:]}']"
        case _:
            where = f".//{name}"
    return tree.xpath(where)


def text_of(tree, name: str) -> str:
    """The text of all such elements, with single spaces."""
    return " ".join(" ".join(each.text_content().split()) for each in all_of(tree, name))


def links_of(tree) -> dict[str, str]:
    """Address by text of the links below an element."""
    return {" ".join(a.text_content().split()): a.get("href") for a in all_of(tree, "a")}
