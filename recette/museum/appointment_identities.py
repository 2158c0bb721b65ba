"""Who can sign in at the provider of `appointment_partner`."""

from __future__ import annotations

from sas_kernel.identifiers import PRACTITIONER_SYSTEM, REGULATOR_SYSTEM

IDENTITIES = (
    {
        "name": "regulator-1",
        "login": "ysee@samu.example.org",
        "password": "Regulation-2031",
        "identifier": {"system": PRACTITIONER_SYSTEM, "value": "3990000058/REG0001"},
        "family": "BELLANGER",
        "given": "Ysée",
        "email": "ysee@samu.example.org",
        "fault": None,
        "expected": "granted",
    },
    {
        "name": "regulator-2",
        "login": "mael@samu.example.org",
        "password": "Regulation-2031",
        "identifier": {"system": REGULATOR_SYSTEM, "value": "0d5a3c1e-6f0b-4a7e-8a52-2f6f3f1c9b10"},
        "family": "QUÉMÉNER",
        "given": "Maël",
        "email": "mael@samu.example.org",
        "fault": None,
        "expected": "granted",
    },
    {
        "name": "stranger",
        "login": "nobody@samu.example.org",
        "password": "Regulation-2031",
        "identifier": {"system": PRACTITIONER_SYSTEM, "value": "3990000058/NOBODY"},
        "family": "INCONNUE",
        "given": "Aude",
        "email": "nobody@samu.example.org",
        "fault": "unknown_account",
        "expected": "refused",
    },
)
