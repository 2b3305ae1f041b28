"""History of quotes: what readers may see of it, reverting, verification and erasure.

In: revisions of the ledger. Out: quotes as of a time, reverted quotes, faults, tombstones.
Adds to `sources.history` what only quotes have: spans, anchors and reporting chains.
Must never: edit a revision, except to erase what the law requires.
"""
