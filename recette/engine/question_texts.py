"""The questions in both languages: a title, and what an answer must be able to show."""

from __future__ import annotations

from collections.abc import Mapping

from sas_kernel.text import Text

_SKIPPED = Text(
    "Sans réponse, les scénarios qui en ont besoin ne sont pas joués.",
    "Without an answer the scenarios that need it are not played.",
)


def _needed(fr: str, en: str) -> Text:
    return Text(f"{fr} {_SKIPPED.fr}", f"{en} {_SKIPPED.en}")


TEXTS: Mapping[str, tuple[Text, Text]] = {
    "target.actor": (
        Text("Qui est jugé", "Who is judged"),
        Text("editor : un agenda ; platform : une plateforme.", "editor: an agenda; platform: a platform."),
    ),
    "target.base_url": (
        Text("Adresse de base FHIR", "FHIR base address"),
        Text(
            "Ce qui précède /Slot ou /Appointment, par exemple https://agenda.example.org/fhir.",
            "What stands before /Slot or /Appointment, for example https://agenda.example.org/fhir.",
        ),
    ),
    "target.name": (
        Text("Nom de la cible", "Name of the target"),
        Text("Tel qu’il figurera dans les rapports ; facultatif.", "As reports will write it; optional."),
    ),
    "applicability.flows": (
        Text("Flux servis", "Flows served"),
        Text(
            "slot_search : recherche de créneaux ; regulators : comptes INT_R02 ; sso : connexion ; appointments : "
            "rendez-vous INT_R03. Les trois derniers agissent : comptes, connexions, rendez-vous.",
            "slot_search: searches; regulators: accounts, INT_R02; sso: sign-on; appointments: INT_R03. "
            "The last three act: accounts, sign-ons, appointments.",
        ),
    ),
    "applicability.slot_types": (
        Text("Types de créneaux déclarés", "Declared slot types"),
        Text("Aucun autre ne devra revenir.", "No other may come back."),
    ),
    "applicability.consultation_types": (
        Text("Types de consultation déclarés", "Declared consultation types"),
        Text(
            "AMB : au cabinet ; VR : téléconsultation ; HH : à domicile. Aucun autre ne devra revenir.",
            "AMB: at the practice; VR: remote; HH: at home. No other may come back.",
        ),
    ),
    "applicability.cpts": (
        Text("L’agenda sert-il des créneaux de CPTS (INT_R04)", "Does the agenda serve CPTS slots (INT_R04)"),
        Text("oui ou non.", "yes or no."),
    ),
    "applicability.sos": (
        Text("L’agenda sert-il des associations SOS Médecins", "Does the agenda serve SOS Médecins associations"),
        Text("oui ou non.", "yes or no."),
    ),
    "test_data.practitioner_one_place": (
        Text("Un professionnel qui exerce dans un seul lieu", "A practitioner with exactly one place"),
        _needed(
            "Identifiant national préfixé (8 puis RPPS) ; chaque type déclaré figure parmi ses créneaux libres des 72 "
            "prochaines heures.",
            "Prefixed national id (8, then RPPS); every declared type is among the free slots of the next 72 hours.",
        ),
    ),
    "test_data.practitioner_two_places": (
        Text("Un professionnel qui exerce dans deux lieux", "A practitioner with two places"),
        _needed("Il a des créneaux libres dans les deux.", "With free slots in both."),
    ),
    "test_data.practitioners_together": (
        Text("Des professionnels à chercher ensemble", "Practitioners to search together"),
        _needed("Deux au moins, qui ont tous des créneaux libres.", "At least two, each with free slots."),
    ),
    "test_data.practitioner_without_slots": (
        Text("Un professionnel connu sans créneau libre", "A known practitioner without a free slot"),
        _needed("Rien ne doit revenir pour lui sur 72 heures.", "Nothing may come back for 72 hours."),
    ),
    "test_data.practitioner_unknown": (
        Text("Un identifiant que l’agenda ne connaît pas", "An id the agenda does not know"),
        Text("De la bonne forme ; facultatif.", "Of the right form; optional."),
    ),
    "test_data.practitioner_opposed": (
        Text("Un professionnel opposé à la transmission", "A practitioner who opposes transmission"),
        _needed(
            "Il a des créneaux dans l’agenda, et aucun ne doit paraître.", "With slots in the agenda; none may appear."
        ),
    ),
    "test_data.practitioner_private": (
        Text("Un professionnel qui ne prend que ses patients", "A practitioner who takes own patients only"),
        _needed("Tous ses créneaux libres sont réservés à sa patientèle.", "All free slots are kept for own patients."),
    ),
    "test_data.practitioner_one_cpts": (
        Text("Un professionnel membre d’une CPTS", "A practitioner of one CPTS"),
        _needed("Il a des créneaux de CPTS libres.", "With free CPTS slots."),
    ),
    "test_data.practitioner_two_cpts": (
        Text("Un professionnel membre de deux CPTS", "A practitioner of two CPTS"),
        _needed("Il a des créneaux libres pour les deux.", "With free slots for both."),
    ),
    "test_data.sos_associations": (
        Text("Des associations SOS Médecins", "SOS Médecins associations"),
        _needed("Leur SIRET précédé de 3 ; elles ont des créneaux libres.", "SIRET after a 3; with free slots."),
    ),
    "test_data.practitioners_full_list": (
        Text(
            "Vingt-cinq professionnels pour la plus longue recherche", "Twenty-five practitioners, the longest search"
        ),
        Text(
            "Facultatif : sans réponse, la liste est complétée par des identifiants que personne ne porte.",
            "Optional: without an answer the list is completed with ids that nobody bears.",
        ),
    ),
    "test_data.regulator": (
        Text("Un régulateur sous identifiant national", "A regulator under a national id"),
        Text(
            "« système|valeur » ou l’identifiant ; sans réponse, ceux que le fournisseur liste.",
            "'system|value' or the id; without an answer, those the provider lists.",
        ),
    ),
    "test_data.regulator_technical": (
        Text("Un régulateur sous identifiant technique", "A regulator under a technical id"),
        Text(
            "« système|valeur » ; sans réponse, ceux que le fournisseur liste.",
            "'system|value'; without an answer, those the provider lists.",
        ),
    ),
    "sso.issuer": (
        Text("Émetteur OpenID du fournisseur d’identité", "OpenID issuer of the identity provider"),
        Text(
            "Celui auquel la cible fait confiance ici ; `recette up platform` en démarre un : "
            "http://127.0.0.1:8080/realms/sas.",
            "The one the target trusts here; `recette up platform` starts one: http://127.0.0.1:8080/realms/sas.",
        ),
    ),
    "sso.origin": (
        Text("Valeur de l’origine", "Value of the origin"),
        Text("Ce que la plateforme ajoute à l’adresse de réservation.", "What the platform adds to a booking address."),
    ),
    "sso.login": (
        Text("Identifiant de connexion d’une personne d’essai", "Login of a test person"),
        Text("Sans réponse, les identités d’essai du fournisseur.", "Without an answer, the provider's identities."),
    ),
    "sso.password": (
        Text("Mot de passe de cette personne", "That person's password"),
        Text("D’une identité d’essai ; il est écrit dans le fichier.", "A test identity's; the file will hold it."),
    ),
    "sso.client_id": (
        Text("Identifiant du client auprès du fournisseur", "Client id at the provider"),
        Text("De l’agenda jugé, ou de recette devant une plateforme.", "The agenda's, or recette's before a platform."),
    ),
    "sso.client_secret": (
        Text("Secret de ce client", "That client's secret"),
        Text("Il est écrit dans le fichier.", "The file will hold it."),
    ),
    "sso.redirect_uri": (
        Text("Adresse de retour déclarée au fournisseur", "Return address registered at the provider"),
        Text("Personne n’a besoin d’y répondre.", "Nobody has to answer there."),
    ),
    "sso.post_logout_uri": (
        Text("Adresse de retour après déconnexion", "Return address after logout"),
        Text("Déclarée au fournisseur ; facultative.", "Registered at the provider; optional."),
    ),
    "appointments.listen": (
        Text("Où recette écoute les rendez-vous", "Where recette listens for appointments"),
        Text(
            "HÔTE:PORT ; réglez l’agenda pour envoyer INT_R03 à http://HÔTE:PORT/fhir.",
            "HOST:PORT; have the agenda send INT_R03 to http://HOST:PORT/fhir.",
        ),
    ),
    "appointments.booking": (
        Text("Qui prend les rendez-vous", "Who books"),
        Text(
            "operator : une personne, à qui recette dit quoi faire ; reference : recette, sur notre agenda seulement.",
            "operator: a person, told what to do; reference: recette itself, on our reference agenda only.",
        ),
    ),
    "appointments.wait": (
        Text("Secondes laissées à chaque étape", "Seconds for each step"),
        Text("De 1 à 86400.", "From 1 to 86400."),
    ),
    "appointments.staff_login": (
        Text("Identifiant du secrétariat", "Login of the practice's staff"),
        Text("Sur l’agenda de référence.", "On the reference agenda."),
    ),
    "appointments.staff_password": (
        Text("Mot de passe du secrétariat", "The staff's password"),
        Text("Il est écrit dans le fichier.", "The file will hold it."),
    ),
    "platform.listen": (
        Text("Où recette se tient comme éditeur", "Where recette stands as an editor"),
        Text(
            "HÔTE:PORT ; donnez à la plateforme un éditeur à http://HÔTE:PORT/fhir.",
            "HOST:PORT; give the platform an editor at http://HOST:PORT/fhir.",
        ),
    ),
    "platform.wait": (
        Text("Secondes laissées à chaque étape", "Seconds for each step"),
        Text("De 1 à 86400.", "From 1 to 86400."),
    ),
    "platform.admin_url": (
        Text("Adresse de l’administration", "Address of the administration"),
        Text("Sans réponse, celle de la cible.", "Without an answer, the target's."),
    ),
    "platform.admin_token": (
        Text("Jeton d’administration", "Administration token"),
        Text(
            "De notre plateforme ; sans lui, une personne est guidée. Il est écrit dans le fichier.",
            "Of our own platform; without it a person is guided. The file will hold it.",
        ),
    ),
}

COMMENTS: Mapping[str, Text] = {
    "target": Text("Ce que recette juge.", "What recette judges."),
    "applicability": Text("Ce que la cible déclare faire.", "What the target declares."),
    "test_data": Text("Qui joue quel rôle dans les scénarios.", "Who plays which part in the scenarios."),
    "sso": Text("La connexion des régulateurs.", "How regulators sign on."),
    "appointments": Text("Les rendez-vous que l’agenda annonce.", "The appointments the agenda tells of."),
    "platform": Text("Recette en face de la plateforme.", "Recette in front of the platform."),
}
