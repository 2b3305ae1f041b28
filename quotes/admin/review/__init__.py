"""The review page: one article with its text, its quotes, and the steps a curator can take.

In: the queue's filters and forms with the version that was read. Out: HTML that works without a
script. `views` answers requests, `answers` tells the script where a step leads, `publish_rest`
publishes what is left, `undo_stack` keeps what can be undone, `worklist` shows the queue, `page`
gathers what is shown, `panel` what is shown of the chosen quote, `steps` holds the forms,
`text_marks` marks quotes in the text, `adding` helps to add one, `suggestions` proposes speakers.
It writes only through the verbs of `Quote` and `quotes.filing`, and never to a version other than
the one that was read.
"""
