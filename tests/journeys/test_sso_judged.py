"""The flow `sso` played by the command line against the reference agenda and the platform, as processes, twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from recette.drivers import services as processes


def recette(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "recette", *arguments],
        cwd=cwd,
        env={**os.environ, "CI": "1"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_the_reference_agenda_holds_the_flow_twice_on_one_base(tmp_path: Path) -> None:
    with processes.Services() as services:
        agenda_port, platform_port = processes.free_port(), processes.free_port()
        home = f"http://127.0.0.1:{platform_port}"
        agenda, base = processes.agenda(
            services,
            port=agenda_port,
            database_url=f"sqlite:///{tmp_path / 'agenda.sqlite'}",
            dataset="demo",
            platform_url=f"{home}/fhir",
            issuer=f"{home}/realms/sas",
            settings=processes.PUBLIC_PASSWORDS,
        )
        platform, _ = processes.platform(
            services,
            port=platform_port,
            database_url=f"sqlite:///{tmp_path / 'platform.sqlite'}",
            dataset="demo",
            editors=[("Agenda de référence", base)],
            sso_clients=[processes.sso_client_of(agenda_port)],
            settings=processes.PUBLIC_PASSWORDS,
        )
        agenda.wait_until_ready()
        platform.wait_until_ready()
        target = recette("dataset", "describe", "demo", "--base-url", base, cwd=tmp_path).stdout.partition("[sso]")[0]
        sso = f'[sso]\nissuer = "{home}/realms/sas"\nclient_id = "{processes.Partner().client_id}"\n'
        (tmp_path / "target.toml").write_text(target + sso, encoding="utf-8")
        for out in ("first", "second"):
            judged = recette("run", "target.toml", "--flow", "sso", "--out", out, cwd=tmp_path)
            assert judged.returncode == 0, judged.stdout + judged.stderr
            report = json.loads((tmp_path / out / "run.json").read_text(encoding="utf-8"))
            assert report["verdict"] == "PASS"
