"""Face search for photos that their holder has permission to search."""

__version__ = "0.1.0"
