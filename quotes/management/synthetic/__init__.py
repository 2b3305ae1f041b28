"""A synthetic archive of any size with the proportions of a real one, for benchmarks.

A number of quotes, a seed and a last day come in; the same rows come out on any machine, in any
number of processes. `newsroom` makes outlets and speakers, `articles` the articles and quotes in
parts, `text` their words, `rows` values for COPY; `archive` writes them. Workers load no models.
"""
