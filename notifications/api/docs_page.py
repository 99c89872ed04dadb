"""The OpenAPI document as a template wants it: flat, in order, with types put into words. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

Json = Mapping[str, Any]
COMMON_HEADERS = {"X-Request-Id", "RateLimit", "RateLimit-Policy"}  # told once, for all answers


@dataclass(frozen=True, slots=True)
class Type:
    """What a value looks like in words; ``schema`` is the component it refers to, or ""."""

    words: str
    schema: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, a header or a member of an object."""

    name: str
    where: str
    required: bool
    type: Type
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    status: str
    told: tuple[str, ...]
    media_type: str
    type: Type | None
    headers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Body:
    media_type: str
    type: Type


@dataclass(frozen=True, slots=True)
class Operation:
    anchor: str
    method: str
    path: str
    summary: str
    paragraphs: tuple[tuple[str, ...], ...]
    parameters: tuple[Field, ...]
    bodies: tuple[Body, ...]
    answers: tuple[Answer, ...]
    curl: str


@dataclass(frozen=True, slots=True)
class Resource:
    name: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Schema:
    """A component: an object has ``fields``, anything else its ``type``."""

    name: str
    told: tuple[str, ...]
    type: Type
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Page:
    title: str
    told: tuple[str, ...]
    resources: tuple[Resource, ...]
    schemas: tuple[Schema, ...]
    headers: tuple[Field, ...]


def page_of(document: Json, *, base: str) -> Page:
    """``base`` is the address of the service, for the lines to try."""
    components = document["components"]
    operations = [
        (operation["tags"][0], _operation(path, method, operation, components, base))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return Page(
        title=document["info"]["title"],
        told=spans(document["info"]["description"]),
        resources=tuple(
            Resource(tag, tuple(operation for _, operation in group))
            for tag, group in groupby(operations, key=lambda each: each[0])
        ),
        schemas=tuple(_schema(*each) for each in components["schemas"].items()),
        headers=tuple(
            Field(name, "", False, type_of(each["schema"]), spans(each["description"]))
            for name, each in components["headers"].items()
        ),
    )


def spans(text: str) -> tuple[str, ...]:
    """Text and code in turn: what stands between backticks is code."""
    return tuple(text.split("`"))


def type_of(schema: Json) -> Type:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return Type("null" if name == "Null" else name, "" if name == "Null" else name)
    for key, word in (("oneOf", " or "), ("anyOf", " or "), ("allOf", " and ")):
        if key in schema and "properties" not in schema:
            return _joined([type_of(each) for each in schema[key]], word)
    if "enum" in schema:
        return Type(" | ".join(json.dumps(each) for each in schema["enum"]))
    kinds = schema.get("type", "anything")
    if kinds == "array":
        items = type_of(schema["items"])
        return Type(f"list of {items.words}", items.schema)
    if kinds == "object":
        return Type("object")
    words = " or ".join([kinds] if isinstance(kinds, str) else kinds)
    return Type(words + "".join(f", {bound}" for bound in _bounds(schema)))


def _joined(types: list[Type], word: str) -> Type:
    schema = next((each.schema for each in types if each.schema), "")
    return Type(word.join(each.words for each in types), schema)


def _bounds(schema: Json) -> Iterator[str]:
    if "format" in schema:
        yield schema["format"]
    for low, high, of in (
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " items"),
        ("minimum", "maximum", ""),
    ):
        if high in schema:
            yield f"{schema.get(low, 0)} to {schema[high]}{of}"
        elif low in schema:
            yield f"at least {schema[low]}{of}"
    if schema.get("examples"):
        yield f"such as {' or '.join(map(str, schema['examples'][:2]))}"


def _operation(path: str, method: str, told: Json, components: Json, base: str) -> Operation:
    bodies = told.get("requestBody", {}).get("content", {})
    return Operation(
        anchor=told["operationId"],
        method=method.upper(),
        path=path,
        summary=told["summary"],
        paragraphs=tuple(map(spans, filter(None, told.get("description", "").split("\n\n")))),
        parameters=tuple(
            Field(
                each["name"],
                each["in"],
                each.get("required", False),
                type_of(each["schema"]),
                spans(each.get("description", "")),
            )
            for each in told.get("parameters", ())
        ),
        bodies=tuple(Body(name, type_of(each["schema"])) for name, each in bodies.items()),
        answers=tuple(_answer(*each) for each in sorted(told["responses"].items())),
        curl=_curl(path, method, told, components, base),
    )


def _answer(status: str, told: Json) -> Answer:
    media_type, content = next(iter(told.get("content", {}).items()), ("", None))
    return Answer(
        status,
        spans(told["description"]),
        media_type,
        type_of(content["schema"]) if content else None,
        tuple(each for each in told.get("headers", ()) if each not in COMMON_HEADERS),
    )


def _schema(name: str, told: Json) -> Schema:
    required = told.get("required", ())
    fields = tuple(
        Field(member, "", member in required, type_of(each), spans(each.get("description", "")))
        for member, each in told.get("properties", {}).items()
    )
    return Schema(name, spans(told.get("description", "")), type_of(told), fields)


def _curl(path: str, method: str, told: Json, components: Json, base: str) -> str:
    """A line to try; what to fill in stands in braces."""
    lines = ["curl"]
    if {} not in told.get("security", [{}]):
        lines.append('-H "Authorization: Token $TOKEN"')
    for media_type, body in told.get("requestBody", {}).get("content", {}).items():
        lines.append(f"-H 'Content-Type: {media_type}'")
        component = components["schemas"].get(type_of(body["schema"]).schema, {})
        if examples := component.get("examples"):
            lines.append(f"-d '{json.dumps(examples[0])}'")
        else:
            lines.append("--data-binary @lines.ndjson")
    needed = [
        f"{each['name']}={{{each['name']}}}"
        for each in told.get("parameters", ())
        if each["in"] == "query" and each.get("required")
    ]
    lines.append(f"'{base}{path}{'?' if needed else ''}{'&'.join(needed)}'")
    return " \\\n  ".join(lines)
