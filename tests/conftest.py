"""What every test may ask for: fresh databases, the reference material, a browser. In CI, what is absent fails."""

from __future__ import annotations

import gc
import os
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

import asyncpg
import pytest
import typer.main
import typer.testing
from hypothesis import settings

from sas_kernel import contracts, datasets
from tests import databases

# Workers and hundreds of tests start processes of ours: without bytecode, each would compile everything once more.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Thousands of tests and all their modules stay to the end: looking through them for cycles was a sixth of the run.
gc.set_threshold(100_000, 20, 50)

# A busy machine is not a fault of the code: how long an example takes is measured in benchmarks/, never here.
settings.register_profile("recette", deadline=None)
settings.load_profile("recette")

ROOT = Path(__file__).resolve().parent.parent


def pytest_collection_finish() -> None:
    gc.freeze()


def absent(reason: str) -> None:
    """Skip with a reason on a user's machine; fail in CI, where what is missing should have been installed."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session", autouse=True)
def _commands_built_once() -> Iterator[None]:
    """typer builds the tree of all commands again at each call, longer than most commands take; it never changes."""
    built = cache(typer.main.get_command)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.main, "get_command", built)
        patch.setattr(typer.testing, "_get_command", built)
        yield


@pytest.fixture(scope="session", autouse=True)
def _demonstration_read_once() -> Iterator[None]:
    """Each service and each target of a test would read the same file again; what comes of it is frozen."""
    read = datasets.load

    @cache
    def kept(_folder: Path) -> datasets.Dataset:
        return read("demo")

    def load(name_or_path: str) -> datasets.Dataset:
        return kept(contracts.directory()) if name_or_path == "demo" else read(name_or_path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets, "load", load)
        yield


@pytest.fixture(scope="session")
def schema() -> Path | None:
    """The migrations that fresh databases come with; none here: they come empty."""
    return None


@pytest.fixture(scope="session")
def _templates() -> Iterator[None]:
    yield
    databases.drop_templates()


@pytest.fixture
def postgresql_url(schema: Path | None, _templates: None) -> Iterator[str]:
    """A fresh PostgreSQL database, dropped afterwards."""
    name = f"recette_test_{uuid.uuid4().hex[:12]}"
    try:
        url = databases.new_postgresql(name, schema)
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        absent(f"no PostgreSQL server at {databases.POSTGRESQL} ({error}); name one with SAS_TEST_POSTGRESQL_URL")
    yield url
    databases.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def filled(name: str, migrations: Path, content: str) -> Iterator[str]:
    """The URL of a migrated PostgreSQL database in which the statements of `content` were executed."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(databases.filled(name, migrations, content))
        except (OSError, asyncpg.InvalidAuthorizationSpecificationError, TimeoutError) as error:
            absent(f"no PostgreSQL server at {databases.POSTGRESQL} ({error}); name one with SAS_TEST_POSTGRESQL_URL")
        yield url


@pytest.fixture
def sqlite_url(schema: Path | None, tmp_path: Path) -> str:
    """A fresh SQLite database."""
    file = tmp_path / "test.sqlite"
    return f"sqlite+aiosqlite:///{file}" if schema is None else databases.sqlite(file, schema)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database of each kind: the test runs once on each."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of reference material; a user's machine does not have it."""
    folder = Path(os.environ.get("SAS_REFERENCE_DIR", ROOT.parent / "shared"))
    if not (folder / "reference" / "interfaces.md").is_file():
        pytest.skip("no reference material beside the checkout (SAS_REFERENCE_DIR names another place)")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium."""
    for candidate in (os.environ.get("SAS_TEST_CHROMIUM", ""), "/usr/bin/chromium", "/usr/bin/chromium-browser"):
        if candidate and Path(candidate).is_file():
            return candidate
    absent("no Chromium: install Debian's package `chromium`, or name one with SAS_TEST_CHROMIUM")
    raise AssertionError
