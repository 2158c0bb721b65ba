"""The harness as a pytest plugin: a running agenda, platform and clock as fixtures, the catalogue as tests.

    def test_the_platform_finds_us(sas_platform, our_agenda, sas_clock): ...
    pytest --recette-target target.toml

Every pytest session of an environment that has `recette` imports this module: it imports nothing but pytest, and each
function what it needs. Its fixtures live as long as the pytest process (each xdist worker has services, ports and files
of its own), but `sas_clock`, which goes back to real time after each test that asked for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from recette.model import RunReport, Target
    from recette.pytest_plugin.items import TargetFile
    from recette.pytest_plugin.stands import Agenda, Options, Platform, Stand, VirtualClock
    from sas_kernel.clock import Clock

_TARGET = pytest.StashKey[Path]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("recette", "acceptance of the SAS interfaces")
    group.addoption(
        "--recette-target",
        metavar="TARGET.toml",
        help="play the catalogue of recette against this target: one test a check, one for the verdict",
    )
    group.addoption(
        "--recette-flow", action="append", default=[], metavar="FLOW", help="with --recette-target: this flow only"
    )
    group.addoption(
        "--recette-fail-on",
        default="minor",
        choices=("blocking", "major", "minor"),
        help="with --recette-target: the lowest severity that fails (default: minor)",
    )


def pytest_configure(config: pytest.Config) -> None:
    given = config.getoption("--recette-target")
    if not given:
        return
    from recette import settings
    from recette.engine import target as targets
    from recette.pytest_plugin import items
    from sas_kernel.errors import SasError
    from sas_kernel.flows import Flow

    path = (config.invocation_params.dir / given).resolve()
    try:
        target = targets.read(path)
        flows = tuple(Flow(name) for name in config.getoption("--recette-flow"))
    except SasError as error:
        raise pytest.UsageError(error.text.to(settings.read().lang)) from None
    except ValueError as error:
        raise pytest.UsageError(f"--recette-flow: {error}; {', '.join(Flow)}") from None
    distribution = config.getoption("dist", "no")
    if distribution == "load":
        config.option.dist = "loadgroup"  # the same for tests without a group; ours keep together
    elif distribution in {"worksteal", "each", "loadscope"}:
        raise pytest.UsageError(f"--recette-target needs --dist load, loadgroup or loadfile, not {distribution}")
    if distribution != "no" and items.needs_a_person(target, flows):
        raise pytest.UsageError('--recette-target with booking = "operator" tells a person what to do: without -n')
    config.stash[_TARGET] = path
    if str(path) not in config.args:
        config.args.append(str(path))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> TargetFile | None:
    if parent.config.stash.get(_TARGET, None) != file_path:
        return None
    from recette.model import Severity
    from recette.pytest_plugin.items import TargetFile
    from sas_kernel.flows import Flow

    collected: TargetFile = TargetFile.from_parent(parent, path=file_path)
    collected.flows = tuple(Flow(name) for name in parent.config.getoption("--recette-flow"))
    collected.fail_on = Severity(parent.config.getoption("--recette-fail-on").upper())
    return collected


def pytest_itemcollected(item: pytest.Item) -> None:
    if _TARGET in item.config.stash and item.path == item.config.stash[_TARGET]:
        from recette.pytest_plugin.items import GROUP

        if item.config.pluginmanager.hasplugin("xdist"):  # else the mark would be an unknown one
            item.add_marker(pytest.mark.xdist_group(GROUP))


@pytest.fixture(scope="session")
def sas_options() -> Options:
    """Override it to change what the services start with; see `recette.pytest_plugin.stands.Options`."""
    from recette.pytest_plugin.stands import Options

    return Options()


@pytest.fixture(scope="session")
def _sas_stand(sas_options: Options) -> Iterator[Stand]:
    from recette.pytest_plugin.stands import Stand

    stand = Stand(sas_options)
    try:
        yield stand
    finally:
        stand.close()


@pytest.fixture(scope="session")
def sas_agenda(_sas_stand: Stand) -> Agenda:
    """The reference agenda, running, with the demonstration's data."""
    return _sas_stand.agenda


@pytest.fixture(scope="session")
def sas_platform(_sas_stand: Stand) -> Platform:
    """The platform stand-in, running; it asks the reference agenda, started or not, and who `sas_options` names."""
    return _sas_stand.platform


@pytest.fixture
def sas_clock(_sas_stand: Stand) -> Iterator[VirtualClock]:
    """The time of both services, back to real time after the test."""
    yield _sas_stand.clock
    _sas_stand.restore()


@pytest.fixture
def sas_recette() -> Callable[..., RunReport]:
    """`sas_recette(target, flows=(), scenarios=(), fail_on="minor", clock=None)` plays the catalogue; see `judged`."""
    return judged


def judged(
    target: Target | str | Path,
    *,
    flows: Sequence[str] = (),
    scenarios: Sequence[str] = (),
    fail_on: str = "minor",
    clock: Clock | None = None,
) -> RunReport:
    """The report of these scenarios (those of the flows, else of all that the target declares) against a target, or
    that of a file. Raises `ValueError` for a scenario that does not exist, `SasError` for a target file that is wrong.

    `clock` is the time it judges by, `sas_clock` where the services follow that. It blocks the caller's thread; inside
    a running event loop the target must not be served by that loop.
    """
    from recette.pytest_plugin import running

    return running.judged(target, flows=flows, scenarios=scenarios, fail_on=fail_on, clock=clock)


def assert_accepted(report: RunReport) -> None:
    """Fail the test, with each finding and its evidence, unless the run ended with acceptance (exit code 0)."""
    from recette import settings
    from recette.pytest_plugin import telling

    __tracebackhide__ = True
    if report.exit_code:
        pytest.fail(telling.of_report(report, settings.read().lang), pytrace=False)
