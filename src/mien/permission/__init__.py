"""Pure decisions: may this be done with that, under whose permission, for which purpose.

Nothing here reads a file, a clock or a database; what is known comes in as arguments and a
`Verdict` comes out. Whatever is missing, expired, malformed or unknown is a no.
"""
