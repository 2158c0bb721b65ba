"""Checks that hold two answers to the same question side by side: however it is asked, the slots are the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from recette.checks.answer import CLOCK_TOLERANCE, Answer, instant
from recette.checks.json_document import Node
from recette.checks.judging import shown, tally
from recette.model import Check, Exchange, Judgement, Problem
from sas_kernel.text import Text


@dataclass(frozen=True)
class Pair:
    """The answers to two searches: `usual` as the platform asks it, `other` in the way examined."""

    usual: Answer
    other: Answer

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The one examined first: a problem that names no exchange is seen on it."""
        return tuple(dict.fromkeys((*self.other.exchanges, *self.usual.exchanges)))


@dataclass(frozen=True)
class Union:
    """The answers to questions asked one by one, and to all of them at once."""

    apart: tuple[Answer, ...]
    together: Answer

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return (*(x for answer in self.apart for x in answer.exchanges), *self.together.exchanges)


def settled(answers: Iterable[Answer]) -> datetime:
    """From when on slots can be compared: an earlier one may have become past between two requests."""
    return max(x.sent_at for answer in answers for x in answer.exchanges) + CLOCK_TOLERANCE


def slots_from(answer: Answer, since: datetime) -> list[Node]:
    """The slots that start after an instant, and those whose start cannot be read."""
    return [slot for slot in answer.of("Slot") if (start := instant(slot["start"])) is None or start > since]


_Side = tuple[Answer, list[Node]]


def keyed(usual: Sequence[_Side], other: _Side) -> tuple[dict[str, Node], dict[str, Node]]:
    """The slots of the usual answers and of the other one, under keys that name the same slot on both sides.

    By id where the sides have ids in common. No source asks that ids last longer than an answer, so where they have
    none, by what a slot is: its start, its practitioner and its place.
    """
    known = {key: slot for side in usual for key, slot in _by_id(side).items()}
    found = _by_id(other)
    if not known or not found or known.keys() & found.keys():
        return known, found
    return {key: slot for side in usual for key, slot in _by_content(side).items()}, _by_content(other)


def _by_id(side: _Side) -> dict[str, Node]:
    return {slot["id"].string or slot.path: slot for slot in side[1]}


def _by_content(side: _Side) -> dict[str, Node]:
    answer, slots = side
    found: dict[str, Node] = {}
    for slot in slots:
        start = instant(slot["start"])
        doctor, place = _belonging(answer, slot)
        key = f"{start.astimezone(UTC).isoformat() if start else slot.path} {doctor} {place}"
        found[f"{key} {sum(other.startswith(key) for other in found)}"] = slot
    return found


def refusal(answer: Answer, message: Text) -> Problem | None:
    """The problem of an answer that holds no Bundle where the question deserved one."""
    if answer.usable:
        return None
    status = str(answer.response.status) if answer.response is not None else "no answer"
    return Problem(
        Text("{m} {why}", "{m} {why}").format(m=message, why=answer.unusable or ""),
        path="http.status" if answer.response is None or answer.response.status != 200 else "body",
        expected="200, Bundle",
        actual=status if answer.response is None or answer.response.status != 200 else "200, no Bundle",
        exchange=answer.exchange_id,
    )


_REFUSED = Text("La recherche ainsi écrite est refusée.", "The search written this way is refused.")
_NO_SLOT = Text(
    "La recherche de comparaison ne rend aucun créneau : rien à comparer.",
    "The search to compare with returns no slot: nothing to compare.",
)


def _same(apart: tuple[Answer, ...], other: Answer) -> Judgement:
    for answer in apart:
        if not answer.usable:
            return Judgement(0, reason=answer.unusable)
    if other.silence is not None:
        return Judgement(0, reason=other.silence)
    refused = refusal(other, _REFUSED)
    if refused is not None:
        return Judgement(1, (refused,))
    since = settled((*apart, other))
    expected, found = keyed(
        [(answer, slots_from(answer, since)) for answer in apart], (other, slots_from(other, since))
    )
    if not expected and not found:
        return Judgement(0, reason=_NO_SLOT)
    missing = sorted(expected.keys() - found.keys())
    extra = sorted(found.keys() - expected.keys())
    if not missing and not extra:
        return Judgement(len(expected))
    problem = Problem(
        Text(
            "Les créneaux ne sont pas ceux de la même recherche posée comme la plateforme : "
            "{m} en moins ({missing}), {e} en plus ({extra}).",
            "The slots are not those of the same search asked as the platform does: "
            "{m} missing ({missing}), {e} added ({extra}).",
        ).format(m=len(missing), missing=_few(missing), e=len(extra), extra=_few(extra)),
        path="Bundle.entry",
        expected=f"{len(expected)} Slot",
        actual=f"{len(found)} Slot",
        exchange=other.exchange_id,
    )
    return Judgement(len(expected), (problem,))


def _few(ids: list[str]) -> str:
    return shown(", ".join(ids[:3]) + (", …" if len(ids) > 3 else "")) if ids else "–"


def same_slots(id: str, requirement: str, title: Text) -> Check:
    """A check that the other way of asking (evidence: `Pair`) gives the same slots, and is not refused."""

    def judge(pair: Pair) -> Judgement:
        return _same((pair.usual,), pair.other)

    return Check(id, requirement, title, judge)


def same_union(id: str, requirement: str, title: Text) -> Check:
    """A check that asking at once (evidence: `Union`) gives the slots of asking one by one."""

    def judge(union: Union) -> Judgement:
        return _same(union.apart, union.together)

    return Check(id, requirement, title, judge)


def only_missing(id: str, requirement: str, title: Text) -> Check:
    """A check that what is asked besides (evidence: `Pair`) costs none of the usual slots; more may come with it."""

    def judge(pair: Pair) -> Judgement:
        unusable = pair.usual.unusable or pair.other.unusable
        if unusable is not None:
            return Judgement(0, reason=unusable)
        since = settled((pair.usual, pair.other))
        sides = [(answer, slots_from(answer, since)) for answer in (pair.usual, pair.other)]
        expected, found = keyed(sides[:1], sides[1])
        missing = sorted(expected.keys() - found.keys())
        message = Text(
            "{m} créneaux de la recherche ordinaire manquent à celle-ci ({missing}).",
            "{m} slots of the usual search are missing from this one ({missing}).",
        ).format(m=len(missing), missing=_few(missing))
        problem = Problem(
            message, "Bundle.entry", f"≥ {len(expected)} Slot", f"{len(found)} Slot", pair.other.exchange_id
        )
        return tally([problem if missing else None] if expected and found else (), _NO_SLOT)

    return Check(id, requirement, title, judge)


def _belonging(answer: Answer, slot: Node) -> tuple[str | None, str | None]:
    """Of a slot, as far as it can be followed: the doctor's national id, and what tells the place."""
    schedule = answer.schedule_of(slot)
    practitioner = answer.actor_of(schedule, "Practitioner") if schedule is not None else None
    role = answer.actor_of(schedule, "PractitionerRole") if schedule is not None else None
    place = answer.place_of(role) if role is not None else None
    identifiers = practitioner["identifier"].elements if practitioner is not None else ()
    return (
        identifiers[0]["value"].string if identifiers else None,
        signature(place) if place is not None else None,
    )


def signature(place: Node) -> str:
    """What tells one place from another: its identifiers and its address."""
    identifiers = [one["value"].string or "" for one in place["identifier"].elements]
    address = place["address"]
    lines = [line.string or "" for line in address["line"].elements]
    return " · ".join(
        part for part in (*identifiers, *lines, address["postalCode"].string, address["city"].string) if part
    )


def _both(pair: Pair) -> Iterator[tuple[str, tuple[str | None, str | None], tuple[str | None, str | None], Node]]:
    since = settled((pair.usual, pair.other))
    usual, other = keyed([(pair.usual, slots_from(pair.usual, since))], (pair.other, slots_from(pair.other, since)))
    for key in usual.keys() & other.keys():
        yield key, _belonging(pair.usual, usual[key]), _belonging(pair.other, other[key]), other[key]


def _same_doctor(pair: Pair) -> Judgement:
    unusable = pair.usual.unusable or pair.other.unusable
    if unusable is not None:
        return Judgement(0, reason=unusable)
    return tally(
        (
            None
            if usual[0] == other[0]
            else Problem(
                Text(
                    "Le créneau change de professionnel selon ce qui est demandé avec lui.",
                    "The slot changes practitioner with what is asked along with it.",
                ),
                path=slot["schedule"].path,
                expected=usual[0],
                actual=other[0],
                exchange=pair.other.exchange_id,
            )
            for _, usual, other, slot in _both(pair)
            if usual[0] is not None and other[0] is not None
        ),
        _NO_SLOT,
    )


SAME_DOCTOR = Check(
    "slot.same_practitioner",
    "SLOT-160",
    Text("Chaque créneau reste à son professionnel", "Each slot stays with its practitioner"),
    _same_doctor,
)


def _same_place(pair: Pair) -> Judgement:
    unusable = pair.usual.unusable or pair.other.unusable
    if unusable is not None:
        return Judgement(0, reason=unusable)
    return tally(
        (
            None
            if usual[1] == other[1]
            else Problem(
                Text(
                    "Le créneau change de lieu selon ce qui est demandé avec lui.",
                    "The slot changes place with what is asked along with it.",
                ),
                path=slot["schedule"].path,
                expected=shown(usual[1] or ""),
                actual=shown(other[1] or ""),
                exchange=pair.other.exchange_id,
            )
            for _, usual, other, slot in _both(pair)
            if usual[0] == other[0] and usual[1] and other[1]
        ),
        _NO_SLOT,
    )


SAME_PLACE = Check(
    "slot.same_place",
    "SLOT-161",
    Text("Chaque créneau reste à son lieu", "Each slot stays at its place"),
    _same_place,
)


@dataclass(frozen=True)
class Narrowed:
    """The answer to a search of one practitioner, its window drawn around a slot it must (or must not) hold.

    A slot is known by its start: ids need not outlive an answer, and any slot that starts there proves as much.
    """

    answer: Answer
    slot: str
    start: datetime
    expected: bool

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return self.answer.exchanges


def _bound(narrowed: Narrowed) -> Judgement:
    answer = narrowed.answer
    if answer.silence is not None:
        return Judgement(0, reason=answer.silence)
    refused = refusal(answer, _REFUSED)
    if refused is not None:
        return Judgement(1, (refused,))
    there = any(instant(slot["start"]) == narrowed.start for slot in answer.of("Slot"))
    start = narrowed.start.isoformat()
    if there is narrowed.expected:
        return Judgement(1)
    problem = Problem(
        Text(
            "Le créneau {id} commence exactement sur la borne : il appartient à la fenêtre.",
            "Slot {id} starts exactly on the bound: it belongs to the window.",
        ).format(id=narrowed.slot)
        if narrowed.expected
        else Text(
            "Le créneau {id} commence hors de la fenêtre, d’une milliseconde : il n’en fait pas partie.",
            "Slot {id} starts outside the window, by one millisecond: it does not belong to it.",
        ).format(id=narrowed.slot),
        path="Bundle.entry",
        expected=f"{narrowed.slot} ({start})" if narrowed.expected else "absent",
        actual="absent" if narrowed.expected else f"{narrowed.slot} ({start})",
    )
    return Judgement(1, (problem,))


BOUND_INCLUDED = Check(
    "window.bound_included",
    "SLOT-162",
    Text("Un créneau sur la borne est dans la fenêtre", "A slot on the bound is in the window"),
    _bound,
)
BOUND_EXCLUDED = Check(
    "window.bound_excluded",
    "SLOT-163",
    Text("Un créneau juste hors de la borne n’y est pas", "A slot just outside the bound is not"),
    _bound,
)


def _opposed(pair: Pair) -> Judgement:
    if not pair.other.usable:
        return Judgement(0, reason=pair.other.unusable)
    asked = set(pair.usual.asked.identifiers) if pair.usual.asked is not None else set()
    shown_people = [
        node for node in pair.other.of("Practitioner") if pair.other.asked_identity(node) not in {None, *asked}
    ]
    return tally(
        [
            None
            if not shown_people
            else Problem(
                Text(
                    "Un professionnel qui s’oppose à la transmission est dans la réponse.",
                    "A practitioner who opposes transmission is in the answer.",
                ),
                path=shown_people[0].path,
                expected="absent",
                actual=shown(pair.other.asked_identity(shown_people[0]) or ""),
                exchange=pair.other.exchange_id,
            )
        ]
    )


OPPOSED_ABSENT = Check(
    "practitioner.opposed_absent",
    "SLOT-164",
    Text("Un professionnel opposé n’apparaît pas", "An opposed practitioner does not appear"),
    _opposed,
)


def withheld(id: str, requirement: str, title: Text, message: Text) -> Check:
    """A check that an answer (evidence: `Answer`) holds no slot at all."""

    def judge(answer: Answer) -> Judgement:
        if not answer.usable:
            return Judgement(0, reason=answer.unusable)
        slots = answer.of("Slot")
        return tally(
            [
                None
                if not slots
                else Problem(message, path=slots[0].path, expected="0 Slot", actual=f"{len(slots)} Slot")
            ]
        )

    return Check(id, requirement, title, judge)
