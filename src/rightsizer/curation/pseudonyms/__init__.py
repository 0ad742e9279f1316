"""Session-consistent surrogates: a log that leaves the house keeps its meaning and loses its people.

session     reads a session, makes its map, rewrites its calls, and puts values back with the key
knowledge   what belongs to everybody in a log (catalogue values) and what its ids look like
keys        one key a session, derived from the store's; choices are drawn from it
book        the map of one session: injective, and no surrogate is a value of the session
collect     finds what is personal: by field names, patterns, names, and shapes of ids
layouts     values in texts that are laid out and no JSON: XML, tables, SQL
unnamed     what is somebody's under a field that says nothing; spread: what many sessions have
replace     puts surrogates in place in prose, JSON, keys, encoded values and dates
residual    what still hits after rewriting
"""
