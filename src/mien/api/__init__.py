"""The REST interface: one module for each kind of thing, under /v1."""
