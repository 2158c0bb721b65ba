"""How many connections a service may open, and whether its PostgreSQL server has room for them."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from sas_kernel.errors import SasError
from sas_kernel.text import Text
from sas_kit.database import Database

# More than the cores need: a connection is also held while a transaction waits for a lock (docs/operations.md).
DEFAULT: Final = 10
HELP: Final = f"connections a worker may open to the database (default: {DEFAULT})"

_NO_ROOM = Text(
    "Le serveur PostgreSQL accepte {room} connexions et {workers} processus de {pool} en ouvriraient {asked} : baissez "
    "--database-pool ou --workers, ou augmentez max_connections (ou la limite du rôle ou de la base).",
    "The PostgreSQL server takes {room} connections and {workers} workers of {pool} would open {asked}: lower "
    "--database-pool or --workers, or raise max_connections (or the limit of the role or of the database).",
)
# Without those kept for superusers; a role or a database may have less (-1: no limit of its own).
_ROOM: Final = """
SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
    - coalesce(current_setting('reserved_connections', true)::int, 0),
    (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user),
    (SELECT datconnlimit FROM pg_database WHERE datname = current_database())
"""


class NoRoomError(SasError):
    """The workers together would open more connections than the server takes."""


async def require_room(url: str, *, workers: int, pool: int) -> None:
    """Raises `NoRoomError`, and what the driver raises without a server. SQLite has room for everybody.

    What others have open is not counted: they may be gone when the last connection of ours is needed.
    """
    database = Database(url, pool_size=1)
    try:
        if database.dialect != "postgresql":
            return
        async with database.reading() as connection:
            limits = (await connection.execute(sa.text(_ROOM))).one()
    finally:
        await database.close()
    room = min(limit for limit in limits if limit >= 0)
    if workers * pool > room:
        raise NoRoomError(_NO_ROOM.format(room=room, workers=workers, pool=pool, asked=workers * pool))
