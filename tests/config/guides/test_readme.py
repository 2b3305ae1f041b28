"""The README is short, and names every room and every dependency."""

import re
import tomllib

from tests.config.guides.documents import BASE, README


def section(heading: str) -> str:
    return README.read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]


def test_the_readme_is_short():
    assert README.read_text().count("\n") <= 250


def test_the_readme_names_every_room():
    files = [*BASE.glob("[cqs]*/*/__init__.py")]
    rooms = {str(file.parent.relative_to(BASE)) for file in files}
    rooms -= {"quotes/migrations", "sources/migrations"}
    assert {*re.findall(r"`(\w+/\w+)/`", section("Layout"))} == rooms


def test_the_readme_says_why_each_dependency_is_there():
    project = tomllib.loads((BASE / "pyproject.toml").read_text())
    each = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = [re.match(r"[\w-]+", one)[0] for one in each]
    said = re.sub(r"[^a-z0-9|\n]", "", section("What it is built from").lower())
    assert [name for name in names if name.replace("-", "") not in said] == []
