"""Records as CSV and XLSX, both ways.

`files` reads and writes the two formats, `tables` says which columns a record has, `importing`
checks every row and writes in batches. Bytes of an upload come in, rows and their faults go out.
Nothing is written before a person has seen the preview.
"""
