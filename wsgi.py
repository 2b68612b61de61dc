"""What gunicorn serves and what `flask` commands act on."""

from app import create_app

app = create_app()
