"""The target files with which `recette run` shows what is wrong with a partner of the museum."""

from __future__ import annotations

from typing import Any

from recette.museum import appointment_partner, platform_accounts, platform_sso, sso_partner, sso_provider
from recette.museum.pieces import Stand
from recette.museum.stands import Places
from sas_kernel.identifiers import PRACTITIONER_SYSTEM, REGULATOR_SYSTEM

Document = dict[str, dict[str, Any]]

REGULATORS = {
    "regulator": f"{PRACTITIONER_SYSTEM}|3990000058/REG0001",
    "regulator_technical": f"{REGULATOR_SYSTEM}|0d5a3c1e-6f0b-4a7e-8a52-2f6f3f1c9b10",
}
"""Of the demonstration data, which the right platform knows."""
POST_LOGOUT = "http://127.0.0.1:8079/fin"


def described(stand: Stand, places: Places, flow: str, model: Document, listen: str) -> Document:
    """The target file; `model` describes an agenda with the demonstration data, `listen` is where recette receives."""
    if stand is Stand.AGENDA:
        return {**model, "applicability": {**model["applicability"], "flows": [flow]}}
    if stand is Stand.RELYING_PARTY:
        sso = {"issuer": sso_provider.issuer_at(places.provider), "client_id": sso_partner.CLIENT}
        return {**model, "applicability": {"flows": [flow]}, "sso": sso}
    if stand in {Stand.BOOKING_AGENDA, Stand.ASSOCIATION_AGENDA}:
        login, password = appointment_partner.STAFF
        appointments = {
            "listen": listen,
            "booking": "reference",
            "wait": 20,
            "staff_login": login,
            "staff_password": password,
        }
        sso = {"issuer": f"{places.provider}/realms/sas"}
        applicability = {"flows": [flow], "sos": stand is Stand.ASSOCIATION_AGENDA}
        return {**model, "applicability": applicability, "sso": sso, "appointments": appointments}
    platform: Document = {
        "target": {"base_url": f"{places.partner}/fhir", "actor": "platform"},
        "applicability": {
            "flows": [flow],
            "cpts": stand is Stand.SEARCHING_PLATFORM,
            "sos": stand is Stand.ASSOCIATION_PLATFORM,
        },
    }
    if stand is Stand.PLATFORM:
        sso = {
            "issuer": f"{places.partner}/realms/sas",
            "client_id": platform_sso.CLIENT,
            "client_secret": platform_sso.SECRET,
            "redirect_uri": platform_sso.BACK,
            "post_logout_uri": POST_LOGOUT,
        }
        return {**platform, "test_data": REGULATORS, "sso": sso}
    return {**platform, "platform": {"listen": listen, "wait": 5, "admin_token": platform_accounts.TOKEN}}
