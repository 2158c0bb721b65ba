"""The page's story: whom the form means, then the search told step by step."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from sas_kernel import datasets
from sas_kernel.identifiers import international_phone
from sas_kernel.text import Lang, Text
from sas_platform.appointments.model import Status
from sas_platform.appointments.service import AppointmentService
from sas_platform.slot_search.model import (
    EditorReport,
    InvalidSearchError,
    LotReport,
    LotRequest,
    Plan,
    SearchQuery,
)
from sas_platform.slot_search.question.rules import association_id, practitioner_id
from sas_platform.slot_search.rules import Merge
from sas_platform.slot_search.service import SlotSearch, editor_reports
from sas_platform.web import rules
from sas_platform.web.model import (
    AppointmentLine,
    Directory,
    DirectoryAssociation,
    DirectoryEntry,
    DirectoryPlace,
    SearchForm,
    StateFilter,
    Told,
    Update,
)
from sas_platform.web.outcomes import rules as outcomes_rules


def load_directory(dataset: str | None) -> Directory:
    """The public side of a data set; an empty directory without one. Raises `InvalidDatasetError`."""
    if not dataset:
        return Directory("", {}, (), ())
    loaded = datasets.load(dataset)
    entries = tuple(
        DirectoryEntry(
            national_id=p.national_id,
            family=p.family,
            given=p.given,
            prefix=p.prefix or "",
            specialty_code=p.specialty_code,
            specialty=p.specialty_label,
            places=tuple(_place(place) for place in p.places),
        )
        for p in sorted(loaded.practitioners, key=lambda p: (p.family, p.given))
    )
    associations = tuple(
        DirectoryAssociation(
            national_id=association.national_id,
            name=association.name,
            phone=international_phone(association.phone),
            places=tuple(_place(site) for site in association.sites),
        )
        for association in sorted(loaded.associations, key=lambda association: association.name)
    )
    practices = [place for entry in entries for place in entry.places]
    sites = [site for association in associations for site in association.places]
    specialties = {rules.specialty_value(entry): entry.specialty for entry in entries}
    return Directory(
        loaded.territory,
        {entry.national_id: entry for entry in entries},
        tuple(sorted(specialties.items(), key=lambda pair: pair[1])),
        tuple(sorted({place.city for place in (*practices, *sites)})),
        {association.national_id: association for association in associations},
    )


def _place(place: datasets.Place | datasets.DatasetSite) -> DirectoryPlace:
    return DirectoryPlace(place.name, place.line, place.postal_code, place.city, international_phone(place.phone))


@dataclass(frozen=True, slots=True)
class SearchPages:
    search: SlotSearch
    directory: Directory

    async def plan(self, form: SearchForm, now: datetime) -> Plan:
        """What the form asks for, over the three days shown; raises `InvalidSearchError`."""
        if form.is_empty:
            raise InvalidSearchError(
                Text("Choisissez une spécialité, un lieu ou des identifiants.", "Choose a specialty, a place or ids.")
            )
        ids, associations = self._asked(form)
        end = rules.end_of_columns(now, self.search.bounds.horizon)
        return await self.search.plan(SearchQuery(ids, end=end, cpts=True, associations=associations), now)

    def _asked(self, form: SearchForm) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The practitioners and the SOS Médecins associations that the form means."""
        if form.ids.strip():
            written = rules.written_ids(form.ids)
            return (
                tuple(practitioner_id(value) for value in written if not rules.is_siret(value)),
                tuple(association_id(value) for value in written if rules.is_siret(value)),
            )
        ids = tuple(entry.national_id for entry in rules.found_in(self.directory, form))
        associations = tuple(each.national_id for each in rules.associations_in(self.directory, form))
        if not ids and not associations:
            raise InvalidSearchError(
                Text(
                    "Aucun professionnel de l’annuaire n’exerce cette spécialité en ce lieu.",
                    "No practitioner of the directory has this specialty at this place.",
                )
            )
        return ids, associations

    async def updates(self, plan: Plan, lang: Lang) -> AsyncGenerator[Update, None]:
        """The page's state at the start, after each answer, and at the end. Each tells only the cards it changes."""
        shown = rules.days(plan.now, lang)
        names = {editor.id: editor.name for editor in plan.editors}
        merged = Merge()
        known: list[tuple[LotRequest, LotReport]] = []
        reports: tuple[EditorReport, ...] = ()
        yield Update(
            outcomes_rules.status_line(plan, (), merged, lang), outcomes_rules.editor_lines(plan, (), lang), (), False
        )
        with self.search.visit() as visit:
            async with aclosing(self.search.outcomes(plan, visit)) as outcomes:
                async for outcome in outcomes:
                    changed = merged.add(outcome.request.editor.id, outcome.offers)
                    known.append((outcome.request, outcome.report))
                    reports = editor_reports(plan, known)
                    offers = [merged.offer(key) for key in changed]
                    yield Update(
                        status=outcomes_rules.status_line(plan, reports, merged, lang),
                        editors=outcomes_rules.editor_lines(plan, reports, lang),
                        cards=tuple(rules.card(offer, self.directory, shown, names, lang) for offer in offers),
                        done=False,
                    )
        yield Update(
            status=outcomes_rules.status_line(plan, reports, merged, lang),
            editors=outcomes_rules.editor_lines(plan, reports, lang),
            cards=(),
            done=True,
            without_slots=rules.without_slots((*plan.practitioners, *plan.associations), merged, self.directory),
            nothing_found="" if plan.editors else _NO_EDITOR.to(lang),
        )


_NO_EDITOR = Text(
    "Aucun éditeur n’est raccordé à cette plateforme pour cette recherche : elle ne peut rien trouver.",
    "No editor is connected to this platform for this search: it cannot find anything.",
)


@dataclass(frozen=True, slots=True)
class AppointmentPages:
    """The regulator's appointments as editors reported them, and what changes while he looks."""

    appointments: AppointmentService
    directory: Directory

    async def lines(
        self, regulator_id: int, now: datetime, lang: Lang, state: Status | None, most: int
    ) -> tuple[AppointmentLine, ...]:
        """What changed last first. Raises `AppointmentsUnavailableError`."""
        histories = await self.appointments.histories(regulator_id, state, most)
        return tuple(rules.appointment_line(each, self.directory, now, lang) for each in histories)

    async def filters(self, regulator_id: int, state: Status | None, lang: Lang) -> tuple[StateFilter, ...]:
        return rules.state_filters(await self.appointments.counts(regulator_id), state, lang)

    async def told(
        self, regulator_id: int, after: int, now: datetime, lang: Lang, state: Status | None
    ) -> AsyncGenerator[Told, None]:
        """His appointments that changed after that number, each as it is now, in the order of the changes."""
        while changed := await self.appointments.changed_after(regulator_id, after):
            filters = await self.filters(regulator_id, state, lang)
            for history in changed:
                after = history.appointment.change
                yield Told(after, rules.appointment_line(history, self.directory, now, lang), filters)
