"""The ledger: what every change leaves behind, written by triggers of the database.

`actor` tells PostgreSQL who makes a change, through which channel and why; `recording` makes the
triggers that write a `Revision` for each changed row; `revisions` reads them. Revisions are
append-only and linked by SHA-256. No code of the application ever writes one.
"""
