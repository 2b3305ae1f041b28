"""Recognise that several quotes report one act of speaking: an utterance.

In: quotes as they are filed, or on record without an utterance. Out: their utterances, stored.
`matching` decides who joins what, `candidates` finds what to compare, `wording` compares words,
which `words` writes in one way whatever the outlet's style (`variants.toml`).
Must never: merge two utterances, mix speakers, or undo what a curator has taken apart.
"""
