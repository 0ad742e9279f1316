"""Names, organisations, places and addresses: what no pattern finds.

find       spans of a text, by the recogniser that ships with the package
field      the recogniser: a conditional random field in NumPy
columns    what it sees of a text; tokens, lexicon and hashing serve it
packing    the recogniser as a file
"""
