"""A list of values as one parameter: the statement is the same, and prepared once, however many values there are."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _Values(sa.types.TypeDecorator[Any]):
    """An array on PostgreSQL, JSON on SQLite."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, item: sa.types.TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        array = dialect.name == "postgresql"
        return dialect.type_descriptor(postgresql.ARRAY(self.item) if array else sa.Text())

    def process_bind_param(self, value: Iterable[Any] | None, dialect: sa.Dialect) -> Any:
        if value is None:
            return None
        return list(value) if dialect.name == "postgresql" else json.dumps(list(value))


class _Among(FunctionElement[bool]):
    type = sa.Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:
        """Itself: SQLAlchemy would write `… = 1` for SQLite, which then takes no index."""
        return self


@compiles(_Among, "postgresql")
def _as_array(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} = ANY ({values})"


@compiles(_Among, "sqlite")
def _as_json(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608  compiled, values are parameters


def among(column: sa.ColumnElement[Any], values: Iterable[Any] | str) -> sa.ColumnElement[bool]:
    """Whether the column has one of the values: these, or those of the parameter of that name."""
    # Without the column's length, to which PostgreSQL would cut what is longer, and find another.
    kind = _Values(sa.String() if isinstance(column.type, sa.String) else column.type)
    bound = (
        sa.bindparam(values, type_=kind)
        if isinstance(values, str)
        else sa.bindparam(None, list(values), type_=kind, unique=True)
    )
    return _Among(column, bound)
