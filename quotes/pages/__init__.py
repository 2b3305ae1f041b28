"""Pages for people: search, records, cards for other sites, feeds, the sitemap, logging in.

In: GET requests of browsers, feed readers and crawlers, by a session, a token or nobody, and the
form to report a mistake. Out: HTML that works without script, Atom (RFC 4287) and sitemaps, with
JSON-LD, OpenGraph and links to the API. A page shows what the API answers to the same user: it asks
the API's own views (`answers`). A card shows what anybody may see, whoever asks. No page decides
itself who may see what, or writes HTML of other people's words unescaped.
"""
