"""Finds and starts the Chromium of a run: an extra (`recette[browser]`), imported only when it is asked for."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sas_kernel.errors import SasError
from sas_kernel.text import Text

if TYPE_CHECKING:
    from recette.drivers.chromium import ChromiumRenderer

_COMMANDS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class BrowserMissingError(SasError):
    """There is no real browser to be had. The text says what to install."""


def _missing(what: Text) -> BrowserMissingError:
    return BrowserMissingError(
        Text(
            "--browser : {w}. Il faut `pip install 'recette[browser]'`, puis un Chromium : le paquet « chromium » du "
            "système, ou `playwright install chromium`, ou --browser-path CHEMIN (RECETTE_CHROMIUM).",
            "--browser: {w}. It takes `pip install 'recette[browser]'`, then a Chromium: the system's package "
            "'chromium', or `playwright install chromium`, or --browser-path PATH (RECETTE_CHROMIUM).",
        ).format(w=what)
    )


def _executable(path: str, own: str) -> str:
    """The Chromium that was named, else playwright's own, else the system's."""
    if path:
        found = path if Path(path).is_file() else shutil.which(path)
        if found is None:
            raise _missing(Text("« {p} » n’existe pas", "'{p}' does not exist").format(p=path))
        return found
    found = own if Path(own).is_file() else next(filter(None, map(shutil.which, _COMMANDS)), None)
    if found is None:
        raise _missing(Text("aucun Chromium n’a été trouvé", "no Chromium was found"))
    return found


@asynccontextmanager
async def real_browser(
    path: str = "", *, quiet: float = 0.25, patience: float = 8.0
) -> AsyncIterator[ChromiumRenderer]:
    """A Chromium until the block ends. Raises `BrowserMissingError`.

    A page is taken for finished when nothing has moved on it for `quiet` seconds, a few times more where there is
    nothing to follow or fill in; one that is empty, or that never rests, after `patience`.
    """
    try:
        from playwright.async_api import Error, async_playwright  # noqa: PLC0415  an extra that most runs do without

        from recette.drivers.chromium import ChromiumRenderer  # noqa: PLC0415  it cannot do without
    except ImportError:
        raise _missing(Text("playwright n’est pas installé", "playwright is not installed")) from None
    async with async_playwright() as playwright:
        executable = _executable(path, playwright.chromium.executable_path)
        try:
            chromium = await playwright.chromium.launch(
                executable_path=executable, args=["--disable-gpu", "--disable-dev-shm-usage"]
            )
        except Error as error:
            said = next(iter(error.message.splitlines()), "")
            raise _missing(
                Text("« {p} » ne démarre pas ({e})", "'{p}' does not start ({e})").format(p=executable, e=said)
            ) from error
        renderer = ChromiumRenderer(chromium, quiet, patience)
        try:
            yield renderer
        finally:
            await renderer.close_tabs()
            with contextlib.suppress(Error):
                await chromium.close()
