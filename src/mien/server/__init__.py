"""The server: every route in one application, and the process that listens."""
