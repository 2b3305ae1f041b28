"""What a change of a quote's columns did, for its history: see `sources.history.summaries`."""

EDIT_SUMMARIES = (
    ("speaker_id", "reassigned", "speaker removed"),
    ("text", "words adjusted", ""),
    ("snapshot_id", "followed into a later text of the article", ""),
    ("spans", "words adjusted", ""),
    ("affiliation_id", "role recorded", "role no longer recorded"),
    ("organisation_id", "organisation changed", "organisation removed"),
    ("utterance_id", "grouped with other reports", "ungrouped"),
    ("via", "reporting chain changed", ""),
    ("flags", "flags changed", "flags settled"),
)
