"""The outside: the CRM, SCORM Cloud and object storage, each spoken to from one place.

Clients take their credentials as arguments, answer with small frozen dataclasses and raise one
family of errors (`app.clients.http.OutsideError`). They know neither Flask nor the database, so a
view, a job, a command and a test can all hold one.
"""
