"""Makes the pictures of the README from the real services: `make screenshots` (needs Chromium)."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from recette.drivers import services as processes
from sas_kernel import datasets

IMAGES = Path(__file__).resolve().parent / "images"
CHROMIUM = os.environ.get("SAS_TEST_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with processes.Services() as services, tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        agenda, base = processes.agenda(
            services,
            port=processes.free_port(),
            database_url=f"sqlite:///{services.folder / 'agenda.sqlite'}",
            dataset="demo",
        )
        platform, home = processes.platform(
            services,
            port=processes.free_port(),
            database_url=f"sqlite:///{services.folder / 'platform.sqlite'}",
            dataset="demo",
            editors=[("Agenda de référence", base), ("Agenda arrêté", "http://127.0.0.1:9/fhir")],
        )
        agenda.wait_until_ready()
        platform.wait_until_ready()
        target = Path(folder) / "target.toml"
        described = [sys.executable, "-m", "recette", "dataset", "describe", "demo", "--base-url", base]
        target.write_bytes(subprocess.run(described, check=True, capture_output=True).stdout)
        judged = [sys.executable, "-m", "recette", "run", str(target), "--out", folder, "--format", "html"]
        subprocess.run(judged, check=True)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1000, "height": 760}, color_scheme="light", locale="fr-FR")
        page.goto((Path(folder) / "report.html").as_uri())
        page.screenshot(path=IMAGES / "report.png")
        people = datasets.load("demo").test_data
        ids = [str(people["practitioner_one_place"]), str(people["practitioner_two_places"])]
        page.goto(f"{home}/?ids={'%20'.join(ids)}")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=IMAGES / "platform.png")
        browser.close()


if __name__ == "__main__":
    main()
