"""Reads what strangers send, in processes that can be given up.

A package or a picture is opened by a program of its own: a bare Python without the hub's settings,
its connections or its memory, that may use so much memory and time and no more (`running.py`).
Documents are drawn in a copy of the process that wants them (`copying.py`), within a budget too.

Nothing here knows the hub: it imports the standard library, and Pillow for pictures.
"""
