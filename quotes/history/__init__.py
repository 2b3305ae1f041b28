"""The history of quotes: what the public may see of it, reverting, verification and erasure.

Revisions of the ledger come in; past states, reverted quotes and lists of faults go out. Built on
`sources.history`, to which this room adds what only quotes have: spans, anchors and reporting
chains. It never edits a revision, except to redact what a court has ordered erased.
"""
