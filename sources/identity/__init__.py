"""When two names are one record: matching by name, possible duplicates, merging.

Names and ids come in; known or new records, pairs of likely duplicates and merged records go out.
A name is matched only when its full form equals a name or an alias. Nothing is merged without a
curator, and every merge can be undone.
"""
