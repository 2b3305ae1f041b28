"""The documentation: Markdown files of this folder, served as pages at `/guides/`.

In: a guide's name. Out: its page, with a table of contents and an anchor at each heading.
Open to all, as the API's description is: it holds nothing of anybody's, and needs no database.
It must never pass HTML of a guide through, nor need a script or an inline style.
CommonMark with tables; anchors are GitHub's, so that links work in both places.
"""
