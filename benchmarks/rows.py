"""What the benchmarks need in the database: the reference's table, and an account that may post."""

from __future__ import annotations

import sys

from sqlalchemy import text

from app import create_app
from app.extensions import db
from app.models import Account


def main(create_table: str) -> None:
    app = create_app()
    with app.app_context():
        db.session.execute(text(create_table))
        account = Account(location_id="bench", name="Benchmark")
        db.session.add(account)
        db.session.commit()
        print(account.id, account.postback_password)


if __name__ == "__main__":
    main(sys.argv[1])
