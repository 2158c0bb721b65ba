"""What a relying party can get wrong, one thing each: names of `sso_partner.Partner.wrong`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SsoFault:
    """`requirements` are those it breaks: the first is its own, the others it cannot but break.

    `text` says what is wrong where the name does not.
    """

    wrong: str
    requirements: tuple[str, ...]
    check: str = ""
    text: str = ""


def _fault(wrong: str, *requirements: str, check: str = "", text: str = "") -> SsoFault:
    return SsoFault(wrong, requirements, check, text)


SSO_FAULTS: tuple[SsoFault, ...] = (
    _fault("drops a return without state", "SSO-001"),
    _fault("fails at the provider's refusal", "SSO-002"),
    _fault("a token in the address", "SSO-003"),
    _fault("a person in the address", "SSO-004"),
    _fault("keeps an account enabled", "SSO-005"),
    _fault("refuses without a word", "SSO-006"),
    _fault("the agenda is public", "SSO-010"),
    _fault("to the provider without origin", "SSO-011", "SSO-013"),
    _fault("the booking page is open", "SSO-012"),
    _fault("any origin will do", "SSO-013"),
    # Nobody can be admitted by the platform, then.
    _fault("own login in place of the provider", "SSO-020", "SSO-040"),
    _fault("too many redirects", "SSO-021"),
    _fault("another door of the provider", "SSO-022"),
    _fault("another response_type", "SSO-023"),
    _fault("another client", "SSO-024"),
    _fault("returns over http", "SSO-025"),
    _fault("scope without openid", "SSO-026"),
    _fault("scope without scope_all", "SSO-027"),
    _fault("short state", "SSO-028"),
    _fault("constant state", "SSO-029"),
    _fault("no nonce", "SSO-030"),
    _fault("constant nonce", "SSO-031"),
    _fault("no PKCE", "SSO-032"),
    _fault("no acr_values", "SSO-033"),
    _fault("the secret in the request", "SSO-034", "SSO-003"),
    _fault("glued origin ignored", "SSO-035"),
    _fault("admits nobody", "SSO-040"),
    _fault("opens another page", "SSO-041"),
    _fault("asks for the password again", "SSO-042"),
    _fault("rights without origin", "SSO-045", "SSO-046"),
    _fault("rights by any origin", "SSO-046"),
    _fault("rights are never gained", "SSO-047"),
    _fault("never asks the terms", "SSO-050"),
    _fault("books before the terms", "SSO-051"),
    _fault("an error once the terms are accepted", "SSO-052"),
    _fault("asks the terms every time", "SSO-053"),
    _fault("makes unknown people an account", "SSO-060"),
    _fault("lets disabled people in", "SSO-061"),
    _fault("disabling ends no session", "SSO-062"),
    _fault("enables nobody again", "SSO-063"),
    _fault("accepts wrong_audience", "SSO-070"),
    _fault("accepts wrong_issuer", "SSO-071"),
    _fault("accepts expired", "SSO-072"),
    _fault("accepts bad_nonce", "SSO-073"),
    _fault("accepts bad_signature", "SSO-074"),
    _fault("accepts alg_none", "SSO-075"),
    _fault("recognises by e-mail", "SSO-076"),
    _fault("recognises by name", "SSO-076"),
    # A state nobody sent is one of another request, and one that was invented.
    _fault("ignores the state", "SSO-077", "SSO-092", "SSO-093"),
    _fault("accepts subject_mismatch", "SSO-078"),
    # The cookie is worth something as long as the session lives.
    _fault("leaving keeps the session", "SSO-080", "SSO-081"),
    _fault("leaving forgets the cookie only", "SSO-081"),
    _fault("the session keeps its name", "SSO-082"),
    _fault("HttpOnly", "SSO-083", text="a session cookie without HttpOnly"),
    _fault("SameSite=Lax", "SSO-084", text="a session cookie without SameSite"),
    _fault("Secure", "SSO-085", text="a session cookie without Secure"),
    _fault("pages may be kept", "SSO-086"),
    _fault("the code stays in the address", "SSO-087"),
    _fault("a state is anybody's", "SSO-090", "SSO-091", "SSO-032"),
    _fault("a state is anybody's without cookie", "SSO-090", "SSO-032"),
    _fault("a state is anybody's who has one", "SSO-091", "SSO-032"),
    _fault("accepts a return without state", "SSO-092"),
    _fault("any code lets in", "SSO-094"),
    _fault("takes a return twice", "SSO-095"),
    _fault("a refusal lets in", "SSO-096"),
)
