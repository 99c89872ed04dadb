"""What is posted to ask for an export: read with every fault named, and told as a schema."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.core.exceptions import ValidationError

from notifications.exports.datasets import OFFERS, DataSetOffer
from notifications.filters.base import nearest
from notifications.filters.parameters import Parameter
from notifications.filters.questions import ExportParameters
from notifications.ingest.envelope import MAX_FAULTS
from notifications.models import MAX_CASE_NUMBER, Export
from notifications.protocol.payload import Reading, repeated_keys

from .problems import Fault, Problem

CHOICES: Mapping[str, tuple[str, ...]] = {
    "dataset": tuple(map(str, OFFERS)),
    "format": tuple(Export.Format.values),
    "formulas": ExportParameters.FORMULAS,
}
MEMBERS = ("dataset", "format", "gzip", "formulas", "filters", "case")
MOST_SHOWN = 80  # characters of a name that somebody gave


@dataclass(frozen=True, slots=True)
class ExportRequest:
    dataset: str
    file_format: str
    gzip: bool
    keep_formulas: bool
    filters: Mapping[str, list[str]]
    case_number: str


def read_request(data: bytes) -> ExportRequest:
    """Raises ``MalformedJSON`` and ``Problem`` (422) that names all that is wrong but filters,
    which are known by what is exported."""
    document = Reading(data, envelope_levels=0).value
    if not isinstance(document, dict):
        raise bad_request([Fault("body", "#", "wrong_type", "The body must be one JSON object.")])
    if faults := [*_faults(document)]:
        raise bad_request(faults)
    return ExportRequest(
        dataset=document["dataset"],
        file_format=document.get("format", Export.Format.CSV),
        gzip=document.get("gzip", False),
        keep_formulas=document.get("formulas") == "kept",
        filters={
            name: [given] if isinstance(given, str) else given
            for name, given in document.get("filters", {}).items()
        },
        case_number=document.get("case", ""),
    )


def bad_request(faults: list[Fault]) -> Problem:
    detail = "; ".join(each.detail for each in faults[:MAX_FAULTS])
    return Problem(422, "invalid_export", detail, *faults[:MAX_FAULTS])


def fault_at(name: str, code: str, detail: str, *, within: str = "") -> Fault:
    """Of a member of the body, or ``within`` one of it."""
    shown = name if len(name) <= MOST_SHOWN else f"{name[:MOST_SHOWN]}…"
    shown = shown.encode("utf-8", "replace").decode()
    pointer = quote(shown.replace("~", "~0").replace("/", "~1"), safe="!$&'()*+,;=:@?")
    return Fault("body", f"#/{within}{pointer}", code, f"{shown} {detail}")


def _faults(document: dict[str, Any]) -> Iterator[Fault]:
    for name in repeated_keys(document):
        yield fault_at(name, "duplicate_key", "is given twice.")
    if "dataset" not in document:
        told = f"is required: one of {', '.join(CHOICES['dataset'])}."
        yield fault_at("dataset", "required", told)
    for name, value in document.items():
        if name not in MEMBERS:
            meant = nearest(name, dict.fromkeys(MEMBERS), {})
            hint = f"did you mean {meant}?" if meant else f"the members are {', '.join(MEMBERS)}."
            yield fault_at(name, "unknown_field", f"is no member of an export; {hint}")
        elif name == "filters":
            yield from _faults_of_filters(value)
        elif problem := _problem(name, value):
            yield fault_at(name, *problem)


def _problem(name: str, value: Any) -> tuple[str, str] | None:
    if name == "gzip":
        return None if type(value) is bool else ("wrong_type", "must be true or false.")
    if type(value) is not str:
        return "wrong_type", "must be a string."
    if name == "case":
        try:
            ExportParameters.parameters()["case"].read(value)
        except ValidationError as problem:
            return "invalid_parameter", " ".join(problem.messages)
    elif value not in CHOICES[name]:
        return "unknown_value", f"must be one of {', '.join(CHOICES[name])}."
    return None


def _faults_of_filters(filters: Any) -> Iterator[Fault]:
    if not isinstance(filters, dict):
        yield fault_at("filters", "wrong_type", "must be an object of parameters.")
        return
    for name in repeated_keys(filters):
        yield fault_at(name, "duplicate_key", "is given twice.", within="filters/")
    for name, given in filters.items():
        values = given if isinstance(given, list) else [given]
        if not values or not all(type(each) is str for each in values):
            told = "must be a string, or a list of some: as it is written in an address."
            yield fault_at(name, "wrong_type", told, within="filters/")
        elif not all(map(_can_be_kept, (name, *values))):
            told = "has half of a surrogate pair, which nothing recorded has."
            yield fault_at(name, "invalid_character", told, within="filters/")


def _can_be_kept(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _schema_of(dataset: str, offer: DataSetOffer) -> dict[str, Any]:
    parameters = offer.question.parameters()
    filters = {
        "type": "object",
        "properties": {name: _values(told) for name, told in parameters.items()},
        "additionalProperties": False,
    }
    if offer.question.knows("extras.key"):
        text = {"type": "string", "pattern": "^[^\\u0000]*$"}
        filters["patternProperties"] = {"^extras\\.[^\\u0000]+$": text}
    return {"properties": {"dataset": {"const": dataset}, "filters": filters}}


def _values(told: Parameter) -> dict[str, Any]:
    one = dict(told.schema)
    if one["type"] == "integer":
        one = {"type": "string", "pattern": "^[1-9][0-9]{0,17}$"}
    if told.most == 1:
        return one
    several = {"type": "array", "items": one, "minItems": 1, "maxItems": told.most}
    return {"anyOf": [one, several], "description": told.help}


SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "What is exported, and how it is written. The filters are the parameters of the"
    " data set's list; `since` or an identifier has to be among them.",
    "required": ["dataset"],
    "additionalProperties": False,
    "properties": {
        "dataset": {"enum": list(CHOICES["dataset"])},
        "format": {"enum": list(CHOICES["format"]), "default": "csv"},
        "gzip": {
            "type": "boolean",
            "default": False,
            "description": "Compressed. Not of Parquet, which is compressed by itself.",
        },
        "formulas": {
            "enum": list(CHOICES["formulas"]),
            "default": "defused",
            "description": "`kept`: cells of CSV that a spreadsheet would calculate are left as"
            " they are.",
        },
        "filters": {"type": "object"},
        "case": {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_CASE_NUMBER,
            "description": "The case number that the access record notes.",
        },
    },
    "oneOf": [_schema_of(str(dataset), offer) for dataset, offer in OFFERS.items()],
    "examples": [
        {
            "dataset": "notifications",
            "format": "csv",
            "gzip": True,
            "filters": {"since": "30d", "message_type": ["mtoken.operationInit"]},
        }
    ],
}
