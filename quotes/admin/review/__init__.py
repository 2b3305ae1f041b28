"""The review page: one article with its text, its quotes, and the steps a curator can take.

`views` answers requests, `page` gathers what is shown, `steps` holds the forms of each step,
`text_marks` marks quotes in the text, `suggestions` proposes speakers. It never writes except
through the verbs of `Quote` and `quotes.filing`.
"""
