"""The body of the list of test identities."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from sas_platform.sso.identities.model import TestIdentity


class IdentifierBody(msgspec.Struct, frozen=True):
    system: str
    value: str


class TextBody(msgspec.Struct, frozen=True):
    fr: str
    en: str


class IdentityBody(msgspec.Struct, frozen=True):
    name: str
    login: str
    password: str
    identifier: IdentifierBody
    family: str
    given: str
    email: str
    fault: str | None
    expected: str
    text: TextBody


class IdentityList(msgspec.Struct, frozen=True):
    identities: list[IdentityBody]


def body_of(identities: Sequence[TestIdentity]) -> IdentityList:
    return IdentityList(
        [
            IdentityBody(
                name=one.name,
                login=one.regulator.email,
                password=one.password,
                identifier=IdentifierBody(one.regulator.identifier.kind.system, one.regulator.identifier.value),
                family=one.regulator.family,
                given=one.regulator.given,
                email=one.regulator.email,
                fault=one.fault.value if one.fault else None,
                expected=one.expected.value,
                text=TextBody(one.text.fr, one.text.en),
            )
            for one in identities
        ]
    )
