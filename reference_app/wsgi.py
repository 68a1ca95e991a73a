"""What a WSGI server loads: `gunicorn --config python:reference_app.gunicorn_conf reference_app.wsgi:app`."""

from reference_app import create_app

app = create_app()
