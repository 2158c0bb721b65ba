from __future__ import annotations

import sqlalchemy as sa

from sas_kit.arrays import among
from sas_kit.database import Database
from tests.plans import executed

table = sa.Table("words", sa.MetaData(), sa.Column("id", sa.BigInteger), sa.Column("word", sa.String(12)))


async def test_any_number_of_values_is_one_statement(database_url: str) -> None:
    database = Database(database_url)
    async with database.transaction() as connection:
        await connection.run_sync(table.metadata.create_all)
        await connection.execute(table.insert(), [{"id": n, "word": f"w'{n}"} for n in range(30)])
    found: list[list[int]] = []
    with executed(database) as statements:
        async with database.reading() as connection:
            for count in (0, 1, 25):
                words = sa.select(table.c.id).where(among(table.c.word, [f"w'{n}" for n in range(count)]))
                found.append(sorted((await connection.execute(words)).scalars()))
    async with database.reading() as connection:
        named = sa.select(table.c.word).where(among(table.c.id, "ids"))
        assert (await connection.execute(named, {"ids": range(3, 5)})).scalars().all() == ["w'3", "w'4"]
    await database.close()

    assert found == [list(range(count)) for count in (0, 1, 25)]
    assert len({text for text, _values in statements}) == 1


async def test_a_value_too_long_for_the_column_is_not_cut_to_one_that_is_there(database_url: str) -> None:
    database = Database(database_url)
    async with database.transaction() as connection:
        await connection.run_sync(table.metadata.create_all)
        await connection.execute(table.insert(), {"id": 1, "word": "w" * 12})
        query = sa.select(table.c.id).where(among(table.c.word, ["w" * 13]))
        assert (await connection.execute(query)).all() == []
    await database.close()


async def test_sqlite_takes_the_index_of_the_column(sqlite_url: str) -> None:
    indexed = sa.Table("indexed", sa.MetaData(), sa.Column("word", sa.String(12), index=True))
    database = Database(sqlite_url)
    async with database.transaction() as connection:
        await connection.run_sync(indexed.metadata.create_all)
        query = sa.select(indexed.c.word).where(among(indexed.c.word, ["w"]), indexed.c.word.isnot(None))
        text = str(query.compile(dialect=connection.dialect))
        plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", ('["w"]',))).scalars(3).all()
    await database.close()

    steps = [step for step in plan if "indexed" in step]
    assert steps == ["SEARCH indexed USING COVERING INDEX ix_indexed_word (word=?)"]
