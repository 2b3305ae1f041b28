"""A made-up archive of any size with the shapes of a real one, for measuring: `archive`.

Its rows follow from the number of quotes, the seed and the last day, whatever machine makes them
and in how many processes: `newsroom` makes who may be named, `press` the articles and quotes, part
by part, `writing` their words in the `languages`, `searched` what searches read of them, `rows`
what COPY reads. These load no models, which would take longer than making some ten thousand quotes.
"""
