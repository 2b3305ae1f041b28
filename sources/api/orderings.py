"""The values of the parameter `ordering`."""

from collections.abc import Iterable


def both_ways(orderings: Iterable[str]) -> list[str]:
    """Each ordering descending and ascending: `-name`, `name`."""
    return [f"{sign}{name}" for name in orderings for sign in ("-", "")]
