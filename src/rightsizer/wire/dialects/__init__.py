"""Messages, tools and answers as other APIs and frameworks write them, turned into OpenAI Chat JSON.

One file a dialect; `requests` and `answers` ask which one a value is in. What Chat JSON has a place for
goes there; what it has none for stays on the message under its own name; what is no message at all is a
`RecordError`, never a guess.
"""
