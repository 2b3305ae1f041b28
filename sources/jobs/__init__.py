"""Long work, done in parts by a background worker (procrastinate).

A kind of job registers itself with the function that does one part. The rows of `Job` and `Part`
say what was asked, by whom, and how far it is. A part is done whole or not at all, so a worker may
be killed at any moment.
"""
