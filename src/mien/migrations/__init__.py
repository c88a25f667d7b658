"""Steps that bring a catalog's tables up to date, one module each, run by Alembic."""
