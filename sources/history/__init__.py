"""The history of every record, read from the ledger.

Revisions come in. Past states (`as_of`), reverted records (`reverting`), the change feed (`feed`),
lists of faults (`verification`) and redacted records (`erasure`) go out. A revision is never
edited here, except by erasure, which keeps its hash.
"""
