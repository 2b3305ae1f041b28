"""What curators do to many quotes, or in several steps: the review queue, approval, bulk work.

`queue` lists what waits for review, `approval` says who may publish, `bulk` and `reattribution`
change many quotes under the rules of one, `undo` takes back a recent step. Everything goes
through the verbs of `Quote`; nothing here updates a row directly.
"""
