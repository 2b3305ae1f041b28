"""What curators do to many quotes, or across steps: queues, approval, bulk work, undo, digests.

In: querysets of quotes that the user may see, or ids with the versions that were read. Out: pages
of a queue, and an `Outcome` that reports every refusal. It follows the rules of `Quote`'s own
verbs, and takes row locks in the order of primary keys. It never changes a quote whose version is
not the one that was read, and never lets anybody approve a quote that they filed.
"""
