"""When two names are one record: matching by name, possible duplicates, merging; and finding one.

Names and ids come in; known or new records, pairs of likely duplicates and merged records go out.
`finding` is for a reader who chooses: it also finds parts of names and slips.
A name is matched only when its full form equals a name or an alias. Nothing is merged without a
curator, and every merge can be undone.
"""
