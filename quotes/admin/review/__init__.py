"""The review page: one article with its text, its quotes, and the steps a curator can take.

In: the queue's filters and forms with the version that was read. Out: HTML that works without a
script. `views` answers requests for an article, `worklist` those for a queue. `page` gathers what
is shown, and `panel` what is shown of the chosen quote. `steps` holds the forms. It writes only
through the verbs of `Quote` and `quotes.filing`, and never to a version other than the one that was
read.
"""
