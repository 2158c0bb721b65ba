"""Bodies of the admin API."""

from __future__ import annotations

import msgspec

from sas_kernel.flows import Flow
from sas_platform.editors import rules
from sas_platform.editors.model import Editor, Environment, Origin, Search, TlsMaterial


class TlsBody(msgspec.Struct, forbid_unknown_fields=True):
    """Paths on the platform's machine; kept for the mutual TLS of this editor."""

    ca_file: str | None = None
    certificate_file: str | None = None
    key_file: str | None = None


class EditorBody(msgspec.Struct, forbid_unknown_fields=True):
    """A new editor. `searches`: practitioners, cpts, sos. `associations`: SIRET of those known to use this editor."""

    id: str
    name: str
    base_url: str
    environment: str
    enabled: bool = True
    flows: list[str] = msgspec.field(default_factory=lambda: [Flow.SLOT_SEARCH.value])
    tls: TlsBody | None = None
    searches: list[str] = msgspec.field(default_factory=lambda: [Search.PRACTITIONERS.value])
    associations: list[str] = []

    def to_editor(self) -> Editor:
        tls = self.tls or TlsBody()
        return rules.editor(
            id=self.id,
            name=self.name,
            base_url=self.base_url,
            environment=self.environment,
            enabled=self.enabled,
            flows=self.flows,
            tls=TlsMaterial(tls.ca_file, tls.certificate_file, tls.key_file),
            searches=self.searches,
            associations=self.associations,
        )


class EditorChange(msgspec.Struct, forbid_unknown_fields=True):
    """The whole new state of an editor; its id is in the path."""

    name: str
    base_url: str
    environment: str
    enabled: bool = True
    flows: list[str] = msgspec.field(default_factory=lambda: [Flow.SLOT_SEARCH.value])
    tls: TlsBody | None = None
    searches: list[str] = msgspec.field(default_factory=lambda: [Search.PRACTITIONERS.value])
    associations: list[str] = []

    def to_editor(self, editor_id: str) -> Editor:
        return EditorBody(
            editor_id,
            self.name,
            self.base_url,
            self.environment,
            self.enabled,
            self.flows,
            self.tls,
            self.searches,
            self.associations,
        ).to_editor()


class EditorView(msgspec.Struct):
    """`origin` says who may change it: `register` (this API) or `configuration` (the service's own files)."""

    id: str
    name: str
    base_url: str
    environment: Environment
    enabled: bool
    flows: list[Flow]
    tls: TlsBody
    origin: Origin
    searches: list[Search]
    associations: list[str]


class EditorList(msgspec.Struct):
    editors: list[EditorView]


def view(editor: Editor) -> EditorView:
    return EditorView(
        editor.id,
        editor.name,
        editor.base_url,
        editor.environment,
        editor.enabled,
        sorted(editor.flows),
        TlsBody(editor.tls.ca_file, editor.tls.certificate_file, editor.tls.key_file),
        editor.origin,
        sorted(editor.searches),
        sorted(editor.associations),
    )
