"""What the provider says of itself and of people, and the clients it is told of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sas_platform.regulators.model import Identifier, IdentifierKind, Regulator
from sas_platform.sso.model import InvalidSignOnError
from sas_platform.sso.oauth import rules
from sas_platform.sso.oauth.model import Client, RedirectRefusedError, UnknownClientError

ISSUER = "https://sas.example.org/realms/sas"
CAMILLE = Regulator(
    7,
    Identifier(IdentifierKind.NATIONAL, "3990000017/REG0042"),
    "EXEMPLE",
    "Camille",
    "MME",
    "camille@samu.example.org",
    "SAS-99 Villefictive",
    active=True,
)
REQUIRED = (  # hub-psc-mtls.md, section 2.5: `required` of the schema that ANS published
    "Secteur_Activite sub SubjectOrganization Mode_Acces_Raison preferred_username given_name family_name "
    "Acces_Regulation_Medicale UITVersion Palier_Authentification SubjectRefPro SubjectRole PSI_Locale otherIds "
    "SubjectNameID"
)


def test_userinfo_has_every_required_claim_and_no_address() -> None:
    claims = rules.userinfo(CAMILLE, ISSUER)
    assert set(REQUIRED.split()) <= set(claims)
    assert claims["SubjectNameID"] == claims["preferred_username"] == "3990000017/REG0042"
    assert claims["sub"].startswith("f:")
    assert "3990000017" not in claims["sub"]
    assert claims["otherIds"] == [{"identifiant": "3990000017/REG0042", "origine": "EDIT", "qualite": 1}]
    exercise = claims["SubjectRefPro"]["exercices"][0]
    assert (exercise["nomDexercice"], exercise["prenomDexercice"]) == ("EXEMPLE", "Camille")
    assert len(exercise["activities"][0]) == 30
    assert set(exercise["activities"][0].values()) == {""}
    assert "samu.example.org" not in str(claims)


def test_who_has_no_national_id_is_told_by_our_own_claim() -> None:
    uuid = "0d5a3c1e-6f0b-4a7e-8a52-2f6f3f1c9b10"
    technical = replace(CAMILLE, identifier=Identifier(IdentifierKind.TECHNICAL, uuid), prefix=None)
    for claims in (rules.userinfo(technical, ISSUER), rules.identity(technical, ISSUER)):
        assert "SubjectNameID" not in claims
        assert claims["sas_technical_id"] == claims["preferred_username"] == uuid
    assert rules.userinfo(technical, ISSUER)["codeCivilite"] == ""
    assert rules.userinfo(technical, ISSUER)["otherIds"] == []


def test_the_subject_outlives_a_change_of_identifier() -> None:
    other = replace(CAMILLE, identifier=Identifier(IdentifierKind.NATIONAL, "3990000017/REG0043"))
    assert rules.subject(other, ISSUER) == rules.subject(CAMILLE, ISSUER)
    assert rules.subject(replace(CAMILLE, id=8), ISSUER) != rules.subject(CAMILLE, ISSUER)


def test_clients_are_read_from_their_options() -> None:
    clients = rules.clients_of(
        ["a s3cret-secret https://a.example/cb", "b s3cret-secret http://[::1]:8/cb https://b.example/"]
    )
    assert clients["a"] == Client("a", "s3cret-secret", "https://a.example/cb", None)
    assert clients["b"].post_logout_uri == "https://b.example/"
    assert "s3cret" not in repr(clients)
    assert rules.origins_of(clients) == ("http://[::1]:8", "https://a.example")


@pytest.mark.parametrize(
    "options",
    [
        ["a s3cret-secret"],
        ["a s3cret-secret https://a.example/ https://a.example/ more"],
        ["a b:c s3cret-secret https://a.example/"],
        ["é s3cret-secret https://a.example/"],
        ["a s3cret: https://a.example/"],
        ["a short https://a.example/"],
        ["a s3cret-secret ftp://a.example/"],
        ["a s3cret-secret https://a.example/#fragment"],
        ["a s3cret-secret https://"],
        ["a s3cret-secret https://a.example:0x/"],
        ["a s3cret-secret https://a.example/;'self'"],
        ["a s3cret-secret javascript:alert(1)"],
        ["a s3cret-secret https://a.example/", "a s3cret-secret https://a.example/"],
    ],
)
def test_an_option_that_cannot_be_used_is_refused_without_its_secret(options: list[str]) -> None:
    with pytest.raises(InvalidSignOnError) as refused:
        rules.clients_of(options)
    assert "s3cret" not in refused.value.text.fr + refused.value.text.en


@pytest.mark.parametrize("url", ["", "sas.example", "ftp://sas.example", "https://sas.example/?a=b", "https://a b"])
def test_the_platforms_own_url_is_a_url(url: str) -> None:
    with pytest.raises(InvalidSignOnError):
        rules.issuer_of(url)
    assert rules.issuer_of("https://sas.example/") == "https://sas.example/realms/sas"


def test_an_address_is_answered_only_when_it_is_the_registered_one() -> None:
    clients = {"a": Client("a", "s", "https://a.example/cb")}
    right = [("client_id", "a"), ("redirect_uri", "https://a.example/cb")]
    assert rules.trusted_client(right, clients) is clients["a"]
    for wrong in ("https://a.example/cb/", "https://A.example/cb", "https://a.example/cb?x=1", "", "https://a.example"):
        with pytest.raises(RedirectRefusedError):
            rules.trusted_client([("client_id", "a"), ("redirect_uri", wrong)], clients)
    with pytest.raises(RedirectRefusedError):
        rules.trusted_client([*right, ("redirect_uri", "https://evil.example")], clients)
    with pytest.raises(RedirectRefusedError):
        rules.trusted_client(right[:1], clients)
    for ids in ([], ["b"], ["a", "b"], ["a", "a"]):
        with pytest.raises(UnknownClientError):
            rules.trusted_client([*(("client_id", one) for one in ids), right[1]], clients)
