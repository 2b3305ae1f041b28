"""Records as CSV and XLSX, both ways.

An upload of bytes comes in (`files`), becomes rows of a table (`tables`), and is saved in batches
(`importing`). Rows go out as files, and each imported row as a line that says what happened to it.
It never saves a row before a person has seen the preview, and never writes a cell that runs.
CSV follows RFC 4180, in UTF-8.
"""
