"""`python -m app worker`: one of the hub's own commands, as `flask` runs it, but without a look at
what commands other packages bring: one of those alone takes longer to load than Flask itself."""

from __future__ import annotations

from wsgi import app

with app.app_context():
    app.cli(prog_name="python -m app")
