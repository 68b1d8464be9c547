"""Notes: kept in .penstock/notes.db; each function is called by a `python` step, in a thread of its own."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent.parent / ".penstock" / "notes.db"


def _open() -> sqlite3.Connection:
    FILE.parent.mkdir(exist_ok=True)
    connection = sqlite3.connect(FILE, timeout=5)
    connection.row_factory = sqlite3.Row
    connection.execute("create table if not exists notes (id integer primary key, title text not null, text text)")
    return connection


def create(title: str, text: str | None) -> dict[str, Any]:
    with closing(_open()) as db, db:
        cursor = db.execute("insert into notes (title, text) values (?, ?) returning *", (title, text))
        return dict(cursor.fetchone())


def find(id: int) -> dict[str, Any] | None:
    with closing(_open()) as db:
        row = db.execute("select * from notes where id = ?", (id,)).fetchone()
        return dict(row) if row else None


def page(limit: int, after: int) -> list[dict[str, Any]]:
    with closing(_open()) as db:
        rows = db.execute("select * from notes where id > ? order by id limit ?", (after, limit))
        return [dict(row) for row in rows]


def change(id: int, values: dict[str, Any]) -> dict[str, Any] | None:
    with closing(_open()) as db, db:
        for column in ("title", "text"):
            if column in values:
                db.execute(f"update notes set {column} = ? where id = ?", (values[column], id))
        row = db.execute("select * from notes where id = ?", (id,)).fetchone()
        return dict(row) if row else None


def delete(id: int) -> bool:
    with closing(_open()) as db, db:
        return db.execute("delete from notes where id = ?", (id,)).rowcount > 0
