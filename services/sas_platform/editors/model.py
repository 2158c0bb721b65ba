"""What the platform knows of an editor."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from sas_kernel.errors import SasError
from sas_kernel.flows import Flow
from sas_kernel.text import Text


class Environment(StrEnum):
    """An editor gives one base URL for each (SAS implementation guide, technical specifications)."""

    RECETTE = "recette"
    PREPRODUCTION = "preproduction"
    PRODUCTION = "production"


class Search(StrEnum):
    """The searches an editor may answer: INT_R01, INT_R04 and the one of SOS Médecins associations."""

    PRACTITIONERS = "practitioners"
    CPTS = "cpts"
    SOS = "sos"


class Origin(StrEnum):
    """Who may change an editor: the file it was read from, or the admin API."""

    CONFIGURATION = "configuration"
    REGISTER = "register"


@dataclass(frozen=True, slots=True)
class TlsMaterial:
    """Paths of the files that mutual TLS with this editor needs. Kept for that flow; the search does not read them."""

    ca_file: str | None = None
    certificate_file: str | None = None
    key_file: str | None = None


@dataclass(frozen=True, slots=True)
class Editor:
    """A connected editor. `base_url` is the FHIR base, absolute and without a trailing slash.

    `associations` are the prefixed SIRET of the SOS Médecins associations known to use its software.
    """

    id: str
    name: str
    base_url: str
    environment: Environment
    enabled: bool = True
    flows: frozenset[Flow] = field(default=frozenset({Flow.SLOT_SEARCH}))
    tls: TlsMaterial = field(default=TlsMaterial())
    origin: Origin = Origin.REGISTER
    searches: frozenset[Search] = field(default=frozenset({Search.PRACTITIONERS}))
    associations: frozenset[str] = frozenset()

    def answers(self, flow: Flow, environment: Environment) -> bool:
        return self.enabled and self.environment is environment and flow in self.flows


class EditorError(SasError):
    """Root of what can go wrong with the register."""


class InvalidEditorError(EditorError):
    """A field of an editor does not have the form it needs."""


class EditorNotFoundError(EditorError):
    def __init__(self, editor_id: str) -> None:
        super().__init__(
            Text("Aucun éditeur « {id} » au registre.", "No editor '{id}' in the register.").format(id=editor_id)
        )


class EditorExistsError(EditorError):
    def __init__(self, editor_id: str) -> None:
        super().__init__(
            Text(
                "L’éditeur « {id} » existe déjà : modifiez-le avec PUT.",
                "Editor '{id}' already exists: change it with PUT.",
            ).format(id=editor_id)
        )


class EditorsUnavailableError(EditorError):
    def __init__(self) -> None:
        super().__init__(
            Text(
                "Le registre des éditeurs ne peut pas être lu pour l’instant : réessayez plus tard.",
                "The register of editors cannot be read for now: try again later.",
            )
        )


class EditorReadOnlyError(EditorError):
    def __init__(self, editor_id: str) -> None:
        super().__init__(
            Text(
                "L’éditeur « {id} » vient de la configuration du service : changez-le là, puis redémarrez.",
                "Editor '{id}' comes from the service's configuration: change it there, then restart.",
            ).format(id=editor_id)
        )
