"""The documentation knows every setting, command and code, and its links lead somewhere."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from notifications.api.streaming import INTERRUPTIONS
from notifications.api.urls import router
from notifications.protocol.extras import Code

ROOT = Path(__file__).parent.parent
DOCS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]


def read(name: str) -> str:
    return (ROOT / name).read_text()


def settings_read() -> set[str]:
    """Every variable that the code reads, by its literal name."""
    pattern = re.compile(r'"(PUSHAUDIT_[A-Z_]+|DATABASE_URL|WEB_CONCURRENCY)"')
    return {
        name
        for file in (ROOT / "pushaudit").rglob("*.py")
        for name in pattern.findall(file.read_text())
    }


def test_some_settings_are_read() -> None:
    assert {"PUSHAUDIT_ENVIRONMENT", "DATABASE_URL"} <= settings_read()


@pytest.mark.parametrize("name", sorted(settings_read()))
def test_a_setting_is_described(name: str) -> None:
    assert re.search(rf"^#?{name}=", read(".env.example"), re.MULTILINE)
    assert f"| `{name}` |" in read("docs/operations.md")


@pytest.mark.parametrize(
    "command", sorted(name for name, app in get_commands().items() if app == "notifications")
)
def test_a_command_has_its_heading(command: str) -> None:
    assert f"### {command}\n" in read("docs/operations.md")


def test_every_symptom_is_described() -> None:
    source = read("notifications/integrity/doctor.py")
    codes = set(re.findall(r'Symptom\(\s*f?"([a-z_]+)', source)) - {"lost_"}
    assert len(codes) > 5
    for code in codes | {"lost_recipient", "lost_source"}:
        assert f"`{code}`" in read("docs/operations.md")


@pytest.mark.parametrize("code", Code)
def test_a_finding_has_its_heading(code: Code) -> None:
    assert re.search(rf"^#+ `?{code}`?$", read("docs/findings.md"), re.MULTILINE)


def raised_codes() -> set[str]:
    """Codes of problems and faults, as literals where they are raised."""
    sources = [
        *(ROOT / "notifications/api").glob("*.py"),
        ROOT / "notifications/ingest/envelope.py",
        ROOT / "notifications/ingest/delivery_envelope.py",
        ROOT / "notifications/ingest/delivery_lines.py",
    ]
    text = "".join(file.read_text() for file in sources)
    problems = re.findall(r'Problem\(\s*(?:\d{3}|status\.\w+), "(\w+)"', text)
    faults = re.findall(r'(?:_fault\([^,]+, |return |else \()"([a-z_]+)",', text)
    return {*problems, *faults, *INTERRUPTIONS}


PARAMETERS = sorted(
    {
        (prefix, name)
        for prefix, viewset, _ in router.registry
        for of in (viewset.question_class, viewset.paging_class)
        if of is not None
        for name in of.parameters()
    }
)


@pytest.mark.parametrize(("prefix", "name"), PARAMETERS)
def test_a_parameter_is_described(prefix: str, name: str) -> None:
    described = read("docs/api.md").split("### Filters")[1].split("## Rights")[0]
    assert f"`{name}`" in described or f"`{name}=" in described


def test_every_damage_of_a_stream_has_its_status() -> None:
    text = (ROOT / "notifications/ingest/ndjson.py").read_text()
    text += (ROOT / "notifications/api/bodies.py").read_text()
    damages = re.findall(r'(?:Damaged|Interrupted)\(\s*"(\w+)"', text)
    assert set(damages) == set(INTERRUPTIONS)


def test_some_codes_are_raised() -> None:
    assert {"conflict", "too_large", "wrong_type", "emitted_at_required"} <= raised_codes()


@pytest.mark.parametrize("code", sorted(raised_codes()))
def test_a_problem_code_is_described(code: str) -> None:
    assert f"`{code}`" in read("docs/api.md")


@pytest.mark.parametrize(
    "program", sorted(ROOT.glob("bench/[a-z]*.py")), ids=lambda path: path.stem
)
def test_a_measurement_is_described(program: Path) -> None:
    assert f"`bench.{program.stem}`" in read("docs/performance.md")


@pytest.mark.parametrize("picture", sorted(ROOT.glob("docs/*.png")), ids=lambda path: path.stem)
def test_a_picture_is_shown_and_made_by_the_walk(picture: Path) -> None:
    name = picture.stem.removeprefix("screenshot-")
    assert f'picture("{name}")' in read("tests/e2e/test_walk.py")
    assert any(f"{picture.name})" in document.read_text() for document in DOCS)


@pytest.mark.parametrize("document", DOCS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text()):
        if not target.startswith(("http:", "https:")):
            assert (document.parent / target).exists(), target
