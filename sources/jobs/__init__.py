"""Bulk work in the background, on procrastinate.

Rooms above register job kinds: a name, a permission, a function that does one part (`models`).
Users start jobs; `tasks` is what the worker runs. Progress and a report go out in the same rows.
A part is done whole or not at all, so a worker may be killed at any moment.
It never runs for a user who has lost the permission, and never keeps rows longer than it must.
"""
