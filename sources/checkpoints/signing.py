"""Sign the present state of the tree, and never what contradicts a state that was signed before."""

from collections.abc import Sequence

from django.conf import settings
from django.db import transaction

from sources.checkpoints.notes import Signer, TreeHead, Verifier, signed_note
from sources.checkpoints.sequencer import READ_AT_ONCE, Contradiction, leaves, sequence
from sources.checkpoints.tree import Tree
from sources.database.locks import lock_all
from sources.models import Checkpoint


def signers() -> list[Signer]:
    """The keys of the log, from the environment: all of them sign."""
    return [Signer.parse(key) for key in settings.ONRECORD_LOG_KEYS]


def verifiers_of(signers: Sequence[Signer]) -> list[Verifier]:
    return [signer.verifier for signer in signers]


def sign(signers: Sequence[Signer], published: str | None = None) -> Checkpoint:
    """Sequence what has settled, and sign the tree; the last checkpoint if nothing was added.

    The new tree continues the one that was signed last, whose subtrees are kept, and also the
    checkpoint that was `published`, which a database that lost transactions no longer has. The new
    leaves, and the last of the old ones, are compared with their revisions. Raises Contradiction,
    BadNote and EraNotBegun.
    """
    sequence()
    with transaction.atomic():
        lock_all(["checkpoints"])
        verifiers = verifiers_of(signers)
        if published is not None:
            check_continues(TreeHead.read(published, verifiers))
        last = Checkpoint.objects.last()
        tree = tree_of(last, verifiers) if last else Tree()
        check_end(tree)
        add_leaves(tree, tree.size)
        if last and last.size == tree.size:
            return last
        head = TreeHead(signers[0].name, tree.size, tree.root)
        return Checkpoint.objects.create(
            size=tree.size, subtrees=tree.subtrees, note=signed_note(head.text, signers)
        )


def add_leaves(tree: Tree, start: int, end: int | None = None) -> None:
    """Append leaves from the database. Raises Contradiction if a revision differs from its leaf."""
    for batch in leaves(start, end):
        if batch.faults:
            raise Contradiction(f"Nothing was signed: {batch.faults[0]}. Run manage.py verify.")
        tree.add(batch.hashes)


def check_end(signed: Tree) -> None:
    """Raise Contradiction if the end of the ledger was cut off after it was signed, or replaced.

    Reads what is signed of the last batch of leaves, so one query: `verify` reads them all.
    """
    start, end = signed.size - signed.size % READ_AT_ONCE, Tree()
    add_leaves(end, start, signed.size)
    if end.size < signed.size - start or not signed.subtrees.endswith(end.subtrees):
        raise Contradiction(
            f"Nothing was signed: the ledger no longer ends as the checkpoint of {signed.size:,} "
            "revisions says. Run manage.py verify."
        )


def tree_of(checkpoint: Checkpoint, verifiers: Sequence[Verifier]) -> Tree:
    """The tree that a checkpoint signed. Raises BadNote, and Contradiction if it is another."""
    head = TreeHead.read(checkpoint.note, verifiers)
    tree = _kept_tree(checkpoint)
    if (head.size, head.root) != (tree.size, tree.root):
        raise Contradiction(CHANGED.format(checkpoint.size))
    return tree


CHANGED = "The checkpoint of {:,} revisions was changed."


def _kept_tree(checkpoint: Checkpoint) -> Tree:
    try:
        return Tree(checkpoint.size, bytes(checkpoint.subtrees))
    except ValueError:
        raise Contradiction(CHANGED.format(checkpoint.size)) from None


def check_continues(head: TreeHead) -> None:
    """Raise Contradiction unless this database continues the tree that was signed elsewhere.

    Costs one query if the checkpoint was made here; otherwise it reads all leaves up to its size.
    """
    known = Checkpoint.objects.filter(size=head.size).first()
    tree = _kept_tree(known) if known else Tree()
    if not known:
        for batch in leaves(end=head.size):
            tree.add(batch.hashes)
    if tree.size < head.size:
        raise Contradiction(
            f"A checkpoint of {head.size:,} revisions was published, and the ledger has "
            f"{tree.size:,}: it was set back."
        )
    if tree.root != head.root:
        raise Contradiction(
            f"A checkpoint of {head.size:,} revisions was published that contradicts the ledger."
        )
