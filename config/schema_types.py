"""Types of generated clients: names for choices and for shared objects, and partial answers.

A generator names what the document leaves without a name after the place where it found it.
"""

import json
from collections.abc import Iterator

from django.utils.text import capfirst

SHARED = {
    "QuoteLink": {
        "type": "object",
        "description": "A link to another quote.",
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "url": {"type": "string", "format": "uri"},
        },
        "required": ["id", "url"],
    },
    "UtteranceReference": {
        "type": "object",
        "description": "The act of speaking that a quote reports.",
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "quotes": {"type": "integer", "description": "How many public quotes report it."},
        },
        "required": ["id", "quotes"],
    },
}
"""Objects that several records hold."""


def name_types(result: dict, **kwargs) -> dict:
    """Give names to choices of parameters, to shared objects, and to partial answers."""
    schemas = result["components"]["schemas"]
    _name_shared_objects(result, schemas)
    _name_choices(result, schemas)
    _describe_partial_answers(result, schemas)
    _allow_overlap(schemas)
    result["components"]["schemas"] = dict(sorted(schemas.items()))
    return result


def _ref(name: str) -> dict:
    return {"$ref": f"#/components/schemas/{name}"}


def _operations(result: dict) -> Iterator[dict]:
    for operations in result["paths"].values():
        yield from operations.values()


def _name_shared_objects(result: dict, schemas: dict) -> None:
    by_members = {frozenset(schema["properties"]): name for name, schema in SHARED.items()}

    def name(part) -> None:
        for inner in part.values() if isinstance(part, dict) else part:
            if isinstance(inner, dict | list):
                name(inner)
        properties = part.get("properties") if isinstance(part, dict) else None
        for schema in (properties or {}).values():
            for held in (schema, *schema.get("oneOf", ())):
                shared = by_members.get(frozenset(held.get("properties", ())))
                if shared:
                    _refer_to(shared, held)
                    schemas[shared] = SHARED[shared]

    name(list(schemas.values()))


def _refer_to(shared: str, held: dict) -> None:
    """Refer to the shared object instead of the inline one, which may be null."""
    is_nullable = "null" in (held.get("type") or ())
    text = {name: held[name] for name in ("description", "readOnly") if name in held}
    held.clear()
    if is_nullable:
        held |= {"oneOf": [_ref(shared), {"type": "null"}], **text}
    else:
        held |= _ref(shared)


def _name_choices(result: dict, schemas: dict) -> None:
    """Refer to the component that lists the same choices; make one for each set of orderings."""
    known = {frozenset(s["enum"]): name for name, s in schemas.items() if "enum" in s}
    for operation, parameter, choice in _choices(result):
        values = choice["enum"]
        name = known.get(frozenset(values))
        if name is None and parameter["name"] == "ordering":
            name = f"{capfirst(operation['operationId'])}Ordering"
            schemas[name] = _ordering(values)
            known[frozenset(values)] = name
        if name:
            del choice["type"], choice["enum"]
            choice |= _ref(name)


def _choices(result: dict) -> Iterator[tuple[dict, dict, dict]]:
    """Each operation and parameter, with the schema that lists its choices."""
    for operation in _operations(result):
        for parameter in operation["parameters"]:
            items = parameter["schema"].get("items", parameter["schema"])
            for schema in (items, *items.get("anyOf", ())):
                if "enum" in schema:
                    yield operation, parameter, schema


def _ordering(values: list[str]) -> dict:
    names = [
        f"{value.lstrip('-').upper()}{'_DESCENDING' if value.startswith('-') else ''}"
        for value in values
    ]
    return {
        "type": "string",
        "enum": values,
        "description": "An order of records. `-` is descending.",
        "x-enum-varnames": names,
    }


def _describe_partial_answers(result: dict, schemas: dict) -> None:
    """Allow, where `fields` may be sent, the record with all of its fields or with some.

    A client that does not send it has the whole record, as before.
    """
    for operation in _operations(result):
        names = {parameter["name"] for parameter in operation["parameters"]}
        if "fields" not in names or "manifest" in names:  # those of a file
            continue
        content = operation["responses"]["200"].get("content", {}).get("application/json", {})
        schema = content.get("schema", {})
        page = schemas.get(schema.get("$ref", "").rpartition("/")[2], {})
        rows = page.get("properties", {}).get("results")
        if rows and "$ref" in rows["items"]:
            rows["items"] = _whole_or_part(rows["items"], schemas)
        elif not rows and "$ref" in schema and "required" in page:
            content["schema"] = _whole_or_part(schema, schemas)


def _whole_or_part(reference: dict, schemas: dict) -> dict:
    name = reference["$ref"].rpartition("/")[2]
    part = json.loads(json.dumps(schemas[name]))
    part.pop("required", None)
    part["description"] = f"Those fields of the schema `{name}` that the parameter `fields` names."
    schemas[f"{name}Fields"] = part
    return {"anyOf": [reference, _ref(f"{name}Fields")]}


def _allow_overlap(schemas: dict) -> None:
    """Say `anyOf` for alternatives, unless a member tells which of them a body is.

    A body may fit several: a `FiledQuote` has all members of an `UnseenQuote`.
    """
    for schema in schemas.values():
        if "oneOf" in schema and "discriminator" not in schema:
            schema["anyOf"] = schema.pop("oneOf")
