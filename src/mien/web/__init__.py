"""The pages, rendered here: one module for each of them."""
