"""The entrance of the sign-on tests, and who has come in by it."""

from __future__ import annotations

import pytest

from sas_kernel.datasets import DatasetStaff
from tests.agenda_editor.browser import Browser
from tests.agenda_editor.sso.conftest import browser, entrance, lone

__all__ = ["browser", "entrance", "lone", "regulator", "staff"]

FROM_PLATFORM = "/agenda/ag-1?vue=semaine&creneau=cr-2&origin=sas"


@pytest.fixture
async def regulator(browser: Browser) -> Browser:
    """A regulator on the page of `ag-1`, on both databases."""
    await browser.enter(FROM_PLATFORM)
    return browser


@pytest.fixture
async def staff(lone: Browser) -> Browser:
    """A member of staff beside the regulator's agenda of `lone`."""
    await lone.agenda.app.state.services.sign_on.load_staff([DatasetStaff("accueil", "Accueil-2031", "Accueil")])
    other = Browser(lone.agenda, lone.provider)
    await other.log_in("accueil", "Accueil-2031")
    return other
