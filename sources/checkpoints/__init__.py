"""Checkpoints: proof of the whole ledger that leaves the house.

In: the ledger's revisions, each with its link. `sequencer` gives each a place in one tree, `tree`
hashes it (RFC 6962), `notes` and `signing` sign its root (C2SP signed-note and tlog-checkpoint,
Ed25519), `stamps` has it stamped (RFC 3161), `tiles` writes it as static files (C2SP tlog-tiles),
`proofs` verifies the ledger against a checkpoint that somebody kept, and proves one revision.
Out: hashes and signatures, never words. Never signs what contradicts what it signed.
"""
