"""The rules of the guide's prose: what each says, how much it weighs, where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from recette.profiles.model import Weight
from sas_kernel.text import Text

_IG: Final = "IG SAS 1.2.0"


class Rule(NamedTuple):
    """`source` names the text that says so; an ERROR is what that text demands, a WARNING what it wishes for."""

    id: str
    source: str
    message: Text
    weight: Weight = Weight.ERROR


def _rule(id: str, source: str, fr: str, en: str, weight: Weight = Weight.ERROR) -> Rule:
    return Rule(id, source, Text(fr, en), weight)


_FAQ: Final = f"{_IG}, FAQ"
_KIT: Final = "ANS test kit 0.3.0"
RULES: Final[Mapping[str, Rule]] = {
    rule.id: rule
    for rule in (
        _rule(
            "meta.profile",
            f"{_IG}, ressources; {_KIT}",
            "meta.profile porte exactement le profil de la ressource, sans version.",
            "meta.profile holds exactly the profile of the resource, without a version.",
        ),
        _rule(
            "total",
            f"{_IG}, flux de recherche",
            "total est le nombre de créneaux de la réponse.",
            "total is the number of slots in the answer.",
        ),
        _rule(
            "link",
            f"{_IG}, flux de recherche; {_KIT}",
            "Un lien self porte l’URL absolue de la recherche.",
            "A link self holds the absolute URL of the search.",
        ),
        _rule(
            "fullUrl",
            f"{_IG}, profils Bundle CPTS et SOS",
            "fullUrl est absolue et finit par /Type/id de sa ressource.",
            "fullUrl is absolute and ends with its resource's /Type/id.",
        ),
        _rule(
            "search.mode",
            f"{_IG}, exemples de Bundle",
            "search.mode dit match pour ce qui est cherché, include pour le reste.",
            "search.mode says match for what is searched, include for the rest.",
        ),
        _rule(
            "unique",
            f"{_IG}, flux de recherche",
            "Chaque ressource figure une seule fois.",
            "Each resource stands once only.",
        ),
        _rule(
            "kind",
            f"{_IG}, flux de recherche",
            "Une ressource de ce type n’a pas sa place dans cette réponse.",
            "A resource of this type has no place in this answer.",
        ),
        _rule(
            "resolves",
            f"{_IG}, flux de recherche",
            "La référence ne mène à aucune ressource de la réponse.",
            "The reference leads to no resource of the answer.",
        ),
        _rule(
            "reference",
            f"{_IG}, flux de recherche; {_KIT}",
            "La référence s’écrit Type/id.",
            "The reference is written Type/id.",
        ),
        _rule(
            "one-schedule",
            f"{_IG}, flux de recherche",
            "Un agenda (Schedule) par situation d’exercice, ou par site pour SOS Médecins.",
            "One Schedule a PractitionerRole, or a site for SOS Médecins.",
        ),
        _rule(
            "actors",
            f"{_IG}, flux de recherche; {_KIT}",
            "L’agenda désigne un praticien et sa situation d’exercice, ou un seul site pour SOS Médecins.",
            "A Schedule names a practitioner and that person's role, or one site for SOS Médecins.",
        ),
        _rule(
            "same-practitioner",
            f"{_IG}, flux de recherche",
            "La situation d’exercice est celle du praticien de l’agenda.",
            "The role is that of the Schedule's practitioner.",
        ),
        _rule(
            "one-practitioner",
            f"{_IG}, flux de recherche; {_KIT}",
            "Un seul Practitioner par identifiant national.",
            "One Practitioner a national identifier.",
        ),
        _rule(
            "one-service",
            f"{_IG}, INT_R04; {_KIT}",
            "Un HealthcareService par Organization de CPTS.",
            "One HealthcareService a CPTS Organization.",
        ),
        _rule("period", f"{_IG}, Slot", "Le début précède la fin.", "The start is before the end."),
        _rule(
            "instant",
            _KIT,
            "Les instants d’un créneau s’écrivent avec millisecondes et décalage.",
            "The instants of a slot are written with milliseconds and an offset.",
        ),
        _rule(
            "comment",
            f"{_IG}, Slot.comment; {_KIT}",
            "Un créneau réservable (ROUTINE) porte l’URL de l’agenda.",
            "A slot that can be booked (ROUTINE) holds the URL of the agenda.",
        ),
        _rule(
            "appointment-type",
            f"{_IG}, Slot.appointmentType; {_KIT}",
            "Le créneau dit ROUTINE ou WALKIN, une seule fois.",
            "The slot says ROUTINE or WALKIN, once.",
        ),
        _rule(
            "appointment-type-missing",
            f"{_IG}, Slot.appointmentType; {_KIT}",
            "Le créneau devrait dire ROUTINE ou WALKIN.",
            "The slot should say ROUTINE or WALKIN.",
            Weight.WARNING,
        ),
        _rule(
            "slot-type",
            f"{_IG}, Slot.meta.security; {_KIT}",
            "Le créneau dit à qui il est visible.",
            "The slot says to whom it is visible.",
            Weight.WARNING,
        ),
        _rule(
            "consultation",
            f"{_IG}, Slot.serviceType",
            "Les types de consultation sont AMB, HH et VR.",
            "The consultation types are AMB, HH and VR.",
        ),
        _rule(
            "604",
            f"{_IG}, INT_R04",
            "La CPTS d’un créneau se dit par le code 604 de TRE_R66 (URL /FHIR/) et rien d’autre.",
            "The CPTS of a slot is told by code 604 of TRE_R66 (URL /FHIR/) and nothing else.",
        ),
        _rule(
            "604-reference",
            f"{_IG}, INT_R04",
            "Le code 604 désigne un HealthcareService, et un seul, par son extension.",
            "Code 604 names one HealthcareService, and only one, by its extension.",
        ),
        _rule(
            "604-elsewhere",
            f"{_IG}, INT_R04",
            "L’extension qui désigne une CPTS n’accompagne que le code 604, jamais un type de consultation.",
            "The extension that names a CPTS stands with code 604 only, never with a consultation type.",
        ),
        _rule(
            "cpts-once",
            f"{_FAQ} PS",
            "Un créneau désigne chaque CPTS une seule fois.",
            "A slot names each CPTS once.",
        ),
        _rule(
            "cpts-slot",
            f"{_IG}, INT_R04",
            "Un créneau de type CPTS désigne sa CPTS.",
            "A slot of type CPTS names its CPTS.",
        ),
        _rule(
            "cpts-type",
            f"{_IG}, INT_R04",
            "Seul un créneau de type CPTS (meta.security) désigne une CPTS.",
            "Only a slot of type CPTS (meta.security) names a CPTS.",
        ),
        _rule(
            "person-id",
            f"{_IG}, préfixes nationaux",
            "RPPS : 8 et 11 chiffres ; ADELI : 0 et 9 caractères.",
            "RPPS: 8 and 11 digits; ADELI: 0 and 9 characters.",
        ),
        _rule(
            "structure-id",
            f"{_IG}, préfixes nationaux",
            "FINESS : 1 et 9 chiffres ; SIRET : 3 et 14 ; rang RPPS : 4 et 14 ; rang ADELI : 0 et 9 à 14 caractères.",
            "FINESS: 1 and 9 digits; SIRET: 3 and 14; RPPS rank: 4 and 14; ADELI rank: 0 and 9 to 14 characters.",
        ),
        _rule(
            "identifier-pair",
            f"{_IG}, identifiants",
            "Le type de l’identifiant et son système ne vont pas ensemble.",
            "The type of the identifier and its system do not go together.",
        ),
        _rule(
            "system",
            f"{_IG}, identifiants",
            "Un OID s’écrit urn:oid: en tête.",
            "An OID is written with urn:oid: in front.",
        ),
        _rule(
            "name",
            f"{_IG}; {_KIT}",
            "Le nom et le prénom sont attendus.",
            "The family and given names are expected.",
            Weight.WARNING,
        ),
        _rule(
            "structure-name",
            f"{_IG}, INT_R04 et SOS; {_KIT}",
            "Le nom de la structure est attendu.",
            "The name of the structure is expected.",
            Weight.WARNING,
        ),
        _rule(
            "phone",
            f"{_IG}, téléphone; {_KIT}",
            "Le téléphone s’écrit +33 (ou +262, +590, +594, +596) et neuf chiffres.",
            "A phone is written +33 (or +262, +590, +594, +596) and nine digits.",
        ),
        _rule("postal-code", _KIT, "Le code postal a cinq chiffres.", "The postal code has five digits."),
        _rule(
            "one-place",
            f"{_IG}, PractitionerRole",
            "La situation d’exercice contient exactement un lieu.",
            "The role contains exactly one place.",
        ),
        _rule(
            "status",
            f"{_IG}, INT_R03",
            "Le statut est pending, booked, fulfilled, noshow ou cancelled.",
            "The status is pending, booked, fulfilled, noshow or cancelled.",
        ),
        _rule(
            "waiting",
            f"{_IG}, INT_R03",
            "needs-action va avec pending, et réciproquement.",
            "needs-action goes with pending, and the other way round.",
        ),
        _rule(
            "no-patient",
            f"{_IG}, INT_R03",
            "Rien du patient n’est transmis.",
            "Nothing of the patient is sent.",
        ),
        _rule(
            "operator-first",
            _KIT,
            "L’extension de l’opérateur est la première.",
            "The operator's extension is the first.",
            Weight.WARNING,
        ),
        _rule(
            "operator",
            f"{_IG}, INT_R03",
            "L’opérateur est désigné par son identifiant.",
            "The operator is named by identifier.",
            Weight.WARNING,
        ),
        _rule(
            "source",
            f"{_IG}, INT_R02",
            "meta.source porte l’OID du SAS.",
            "meta.source holds the OID of the SAS.",
            Weight.WARNING,
        ),
        _rule(
            "one-identifier",
            f"{_IG}, INT_R02",
            "Un compte a exactement un identifiant, national ou technique.",
            "An account has exactly one identifier, national or technical.",
        ),
        _rule("email", f"{_IG}, INT_R02; {_KIT}", "Une adresse de courriel est attendue.", "An e-mail is expected."),
        _rule(
            "account",
            _KIT,
            "Le compte porte un nom et un courriel.",
            "An account has a name and an e-mail.",
            Weight.WARNING,
        ),
    )
}
"""Every rule by its id, as the documentation and the tests list them."""
