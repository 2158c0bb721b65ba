"""What an account may say, what is to be told to whom, and what an answer means. Pure.

Source: implementation guide, INT_R02 (accounts), and the triggers of its sequence diagrams; retries are ours.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sas_kernel.datasets import DatasetRegulator
from sas_kernel.errors import SasError
from sas_kernel.identifiers import MAX_ID_LENGTH
from sas_kernel.text import Text
from sas_platform.regulators.model import (
    Account,
    Answer,
    Attempt,
    Details,
    Habilitation,
    Identifier,
    IdentifierKind,
    InvalidRegulatorError,
    Message,
    Operation,
    Outcome,
    Provision,
    Quirk,
    Regulator,
    Standing,
)

MAX_NAME: Final = 100
MAX_EMAIL: Final = 254
MAX_TERRITORY: Final = 120
MIN_PASSWORD: Final = 8
MAX_PASSWORD: Final = 200  # hashing costs time and memory, whatever is hashed

_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_EMAIL: Final = re.compile(r"[^@\s<>\"(),:;]+@[^@\s<>\"(),:;]+")
_UNSPEAKABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


# --- accounts --------------------------------------------------------------------------------------------------------


def key(value: str) -> str:
    """What two spellings of one identifier have in common: the case of a UUID means nothing."""
    return value.lower() if _UUID.fullmatch(value) else value


def email_key(email: str) -> str:
    """What two spellings of one address have in common."""
    return unicodedata.normalize("NFC", email.strip()).casefold()


def is_clean(text: str) -> bool:
    """Whether the text holds no control character, which no name has and which databases refuse."""
    return _UNSPEAKABLE.search(text) is None


def same(one: Identifier, other: Identifier) -> bool:
    return one.kind is other.kind and key(one.value) == key(other.value)


def checked(details: Details) -> Details:
    """The details as they are kept, blanks at their ends left out; raises `InvalidRegulatorError`."""
    prefix = None if details.prefix is None else _text("prefix", details.prefix, MAX_NAME, empty=True)
    email = _text("email", details.email, MAX_EMAIL)
    if not _EMAIL.fullmatch(email):
        raise InvalidRegulatorError("email", Text("attendu une adresse de messagerie", "expected an e-mail address"))
    return replace(
        details,
        identifier=_identifier(details.identifier),
        family=_text("family", details.family, MAX_NAME),
        given=_text("given", details.given, MAX_NAME),
        prefix=prefix or None,
        email=email,
        territory=_text("territory", details.territory, MAX_TERRITORY),
    )


def check_password(password: str) -> None:
    """Raises `InvalidRegulatorError`."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD or re.search(r"[\ud800-\udfff]", password):
        raise InvalidRegulatorError(
            "password",
            Text("attendu de {n} à {m} caractères", "expected {n} to {m} characters").format(
                n=MIN_PASSWORD, m=MAX_PASSWORD
            ),
        )


def _identifier(identifier: Identifier) -> Identifier:
    value = _text("identifier", identifier.value, MAX_ID_LENGTH)
    if identifier.kind is IdentifierKind.TECHNICAL and not _UUID.fullmatch(value):
        why = Text("un identifiant technique est un UUID", "a technical id is a UUID")
        raise InvalidRegulatorError("identifier", why)
    if re.search(r"[|,\s]", value):
        why = Text("ni barre verticale, ni virgule, ni blanc", "no vertical bar, comma or blank")
        raise InvalidRegulatorError("identifier", why)
    return Identifier(identifier.kind, value)


def _text(field: str, value: str, most: int, *, empty: bool = False) -> str:
    text = unicodedata.normalize("NFC", value.strip())
    if not is_clean(text):
        raise InvalidRegulatorError(field, Text("caractère de commande refusé", "control character refused"))
    if len(text) > most or not (text or empty):
        why = Text("attendu de 1 à {n} caractères", "expected 1 to {n} characters").format(n=most)
        raise InvalidRegulatorError(field, why)
    return text


def loaded(person: DatasetRegulator) -> Details:
    """Somebody of a data set; raises `InvalidRegulatorError`."""
    check_password(person.password)
    identifier = Identifier(IdentifierKind(person.kind), person.value)
    names = (person.family, person.given, person.prefix)
    return checked(Details(identifier, *names, person.email, person.territory, person.active))


def details_of(regulator: Regulator) -> Details:
    return Details(
        regulator.identifier,
        regulator.family,
        regulator.given,
        regulator.prefix,
        regulator.email,
        regulator.territory,
        regulator.active,
    )


# --- what is told ----------------------------------------------------------------------------------------------------


def quirks_of(names: Collection[str]) -> frozenset[Quirk]:
    """The modes of these names; raises `SasError` naming what there is."""
    try:
        return frozenset(Quirk(name) for name in names)
    except ValueError as error:
        raise SasError(
            Text("Mode inconnu ({error}) : attendu {known}.", "Unknown mode ({error}): expected {known}.").format(
                error=error, known=", ".join(Quirk)
            )
        ) from error


def account_of(regulator: Regulator, quirks: Collection[Quirk] = ()) -> Account:
    """What an editor should know of him now."""
    return Account(
        regulator.identifier,
        regulator.active or Quirk.BLOCKED_STAYS_ACTIVE in quirks,
        regulator.family,
        regulator.given,
        regulator.prefix,
        regulator.email,
    )


def fingerprint(account: Account, base_url: str) -> str:
    """Changes with what is told and with where: an editor that moves is told anew."""
    words = (*_words(account), base_url)
    return hashlib.sha256("\x1f".join(words).encode()).hexdigest()


def _words(account: Account) -> tuple[str, ...]:
    return (
        account.identifier.kind.value,
        account.identifier.value,
        str(account.active),
        account.family,
        account.given,
        account.prefix or "",
        account.email,
    )


def is_pending(provision: Provision, wanted: str) -> bool:
    """Whether the editor does not know, for sure, what it should (`wanted`, a fingerprint)."""
    return provision.told != wanted or provision.doubt is not None


def message(provision: Provision, account: Account, quirks: Collection[Quirk] = ()) -> Message:
    """What to send next.

    A creation is posted once: whatever became of it, what follows is a conditional update, which an editor that does
    not know the account takes for its creation. A change of identifier whose answer was lost is made again as it was
    before the next one, for the editor may know the account by either.
    """
    known = provision.known_as
    if known is None:
        if Quirk.PUT_ALWAYS in quirks:
            return Message(Operation.CREATE, account.identifier, account)
        return Message(Operation.CREATE, None, account)
    doubt = provision.doubt
    if doubt is not None and not same(doubt, known) and not same(doubt, account.identifier):
        account = replace(account, identifier=doubt)
    if not account.active:
        operation = Operation.DEACTIVATE
    elif not same(known, account.identifier):
        operation = Operation.IDENTIFIER
    else:
        operation = Operation.CREATE if provision.told is None else Operation.UPDATE
    return Message(operation, known, account)


# --- what an answer means --------------------------------------------------------------------------------------------

_ASK_AGAIN: Final = frozenset({408, 425, 429})
_DUPLICATE: Final = frozenset({409, 422})


def outcome(answer: Answer) -> Outcome:
    """Any 2xx is accepted, whatever its body; a 4xx is for good but for those that say to come again."""
    if answer.status is None or answer.status >= 500 or answer.status in _ASK_AGAIN:
        return Outcome.FAILED
    return Outcome.ACCEPTED if 200 <= answer.status < 300 else Outcome.REFUSED


def delay(failures: int, chance: float, first: float, most: float) -> float:
    """Seconds before the next attempt after so many failures in a row; `chance` from 0 to 1 spreads them.

    Doubles up to `most`; half of it is certain and half is left to chance.
    """
    whole = min(most, first * 2.0 ** min(failures - 1, 40))
    return whole * (0.5 + chance / 2)


_TRIES: Final = 4


def settled(
    before: Provision,
    sent: Message,
    answer: Answer,
    *,
    base_url: str,
    wanted: str,
    now: datetime,
    chance: float,
    first: float,
    most: float,
    quirks: Collection[Quirk] = (),
    stale: bool = False,
) -> Provision:
    """What is known of the editor after an answer, and when to go on.

    `before` is the state the message was made from (`message`); `wanted` the fingerprint of what the editor should
    know, which is refused with the message; `stale` marks what the quirk of old retries sent.
    Whoever applies it keeps what was asked for in the meantime: `due` None then means now.
    """
    told = fingerprint(sent.account, base_url)
    identifier = sent.account.identifier
    verdict = outcome(answer)
    forced = max(0, before.forced - 1)
    if verdict is Outcome.ACCEPTED:
        return replace(
            before,
            known_as=identifier,
            doubt=None,
            told=told,
            told_at=now,
            told_active=sent.account.active,
            parked=None,
            # The change that was in doubt is done; the one that waited behind it, and what is owed, follow at once.
            due=now if forced or (before.doubt is not None and not stale) else None,
            forced=forced,
            failures=0,
            queued=None if stale else before.queued,
            queued_due=None if stale else before.queued_due,
        )
    known = before.known_as or identifier
    if verdict is Outcome.REFUSED and Quirk.FOUR_TRIES not in quirks:
        if answer.status in _DUPLICATE and sent.address is None:
            return replace(before, known_as=known, doubt=None, due=now, forced=before.forced)
        switched = sent.address is not None and not same(sent.address, identifier)
        if answer.status in _DUPLICATE and switched and before.doubt is not None:
            # The lost answer was a yes: the account has its new identifier already.
            return replace(before, known_as=identifier, doubt=None, due=now, forced=before.forced)
        return replace(before, known_as=known, parked=wanted, due=None, forced=forced, failures=before.failures + 1)
    failures = before.failures + 1
    doubt = identifier if answer.left and verdict is Outcome.FAILED else before.doubt
    if Quirk.FOUR_TRIES in quirks:
        if failures >= _TRIES:
            return replace(
                before, known_as=known, doubt=doubt, parked=wanted, due=None, forced=forced, failures=0,
                queued=None, queued_due=None,
            )  # fmt: skip
        wait = first
    else:
        wait = max(delay(failures, chance, first, most), min(float(answer.retry_after or 0), most))
    again = now + timedelta(seconds=wait)
    after = replace(before, known_as=known, doubt=doubt, failures=failures)
    if Quirk.RETRY_OUT_OF_ORDER in quirks:
        return replace(after, due=None, queued=sent.account, queued_due=again)
    return replace(after, due=again)


def standing(provision: Provision | None, wanted: str, *, active: bool) -> Standing:
    """Where he is with an editor that should know `wanted`."""
    if provision is None or (provision.known_as is None and not active):
        return Standing.CONNECTION if active else Standing.UNTOLD
    if provision.due is not None or provision.queued_due is not None:
        return Standing.SCHEDULED
    if provision.parked == wanted:
        return Standing.PARKED
    if is_pending(provision, wanted):
        return Standing.CONNECTION if active else Standing.SCHEDULED
    return Standing.UP_TO_DATE


def habilitations(
    regulators: Sequence[Regulator],
    editors: Mapping[str, tuple[str, str]],
    provisions: Mapping[tuple[int, str], Provision],
    last: Mapping[tuple[int, str], Attempt],
    quirks: Collection[Quirk] = (),
) -> list[Habilitation]:
    """Every regulator with every editor, in the order given; `editors` by id: name and base URL.

    An editor that is no longer connected stays where it was told something.
    """
    found = []
    for regulator in regulators:
        account = account_of(regulator, quirks)
        gone = sorted({editor for number, editor in provisions if number == regulator.id} - set(editors))
        for editor_id in [*editors, *gone]:
            provision = provisions.get((regulator.id, editor_id))
            name, base_url = editors.get(editor_id, (editor_id, ""))
            where = Standing.GONE
            if editor_id in editors:
                where = standing(provision, fingerprint(account, base_url), active=regulator.active)
            attempt = last.get((regulator.id, editor_id))
            found.append(Habilitation(regulator, editor_id, name, where, provision, attempt))
    return found


# --- attempts --------------------------------------------------------------------------------------------------------


def begun(provision: Provision, sent: Message, method: str, target: str, base_url: str, now: datetime) -> Attempt:
    """The line that is written before a request leaves; its id is the database's."""
    told = fingerprint(sent.account, base_url)
    return Attempt(
        0, provision.regulator_id, provision.editor_id, now, sent.operation, method, target, told, Outcome.SENT
    )


def ended(attempt: Attempt, verdict: Outcome, answer: Answer) -> Attempt:
    """The same line once the answer is known."""
    return replace(
        attempt,
        outcome=verdict,
        duration=answer.duration,
        status=answer.status,
        location=answer.location,
        detail=answer.detail,
    )
