"""Requests to the platform's INT_R03."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote, urlsplit

from agenda_editor.appointments.model import Message
from sas_kit.http import HttpAnswer, HttpClient, HttpLimits, Watch, exchange, new_client

_HEADERS: Final = (
    ("Content-Type", "application/fhir+json"),
    ("Accept", "application/fhir+json"),
    ("User-Agent", "agenda-editor"),
)


class PlatformClient:
    """`base_url` is the platform's FHIR base, `system` that of the editor's appointments."""

    def __init__(
        self,
        base_url: str,
        system: str,
        limits: HttpLimits,
        *,
        connections: int,
        transport: Any = None,
        watch: Watch | None = None,
    ) -> None:
        self.limits = limits
        self.connections = connections
        self._resource = base_url.rstrip("/") + "/Appointment"
        self._target = urlsplit(self._resource).path
        self._criterion = f"?identifier={quote(system, safe=':/')}%7C"
        self._transport = transport
        self._watch = watch
        self._client: HttpClient | None = None

    async def send(self, message: Message) -> HttpAnswer:
        """The platform's answer, whatever its status; raises `HttpFailure`.

        Only the very first attempt creates: whether an attempt without answer was heard is not known, and an update
        by identifier means the same whether it was or not.
        """
        if self._client is None:  # when there is something to send: a service that starts need not wait for TLS
            self._client = new_client(transport=self._transport, connections=self.connections, watch=self._watch)
        creates = message.sequence == 1 and message.attempt == 1
        return await exchange(
            self._client,
            "POST" if creates else "PUT",
            self._resource,
            target=self._target if creates else f"{self._target}{self._criterion}{message.appointment_key}",
            limits=self.limits,
            headers=_HEADERS,
            body=message.body,
        )

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.aclose()
