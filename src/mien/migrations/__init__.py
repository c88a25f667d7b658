"""Steps that bring a catalog's tables up to date, one module each, run by Alembic."""

HEAD = "0010"
"""The newest step, to tell without Alembic that nothing is to be done; a test compares them."""
