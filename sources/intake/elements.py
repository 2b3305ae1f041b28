"""Find elements by their names, whatever namespace and case they have."""

from lxml import etree

type Element = etree._Element

XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def name_of(element: Element) -> str:
    """The element's name without its namespace, in lower case; empty for a comment."""
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def all_named(root: Element, *names: str) -> list[Element]:
    """All elements within that have one of these names."""
    return [element for element in root.iter(etree.Element) if name_of(element) in names]


def first_named(root: Element, name: str) -> Element | None:
    return next((e for e in root.iter(etree.Element) if name_of(e) == name), None)


def children_of(root: Element | None, name: str) -> list[Element]:
    return [] if root is None else [each for each in root if name_of(each) == name]


def child_of(root: Element | None, *path: str) -> Element | None:
    """The first child of that name, and so on for each name of the path."""
    for name in path:
        root = next(iter(children_of(root, name)), None)
    return root


def attribute_of(root: Element | None, name: str) -> str | None:
    return None if root is None else root.get(name)


def without_namespaces(root: Element) -> str:
    """An element of XHTML as HTML."""
    for each in root.iter(etree.Element):
        each.tag = etree.QName(each).localname
    etree.cleanup_namespaces(root)
    return etree.tostring(root, encoding="unicode", method="html", with_tail=False)
