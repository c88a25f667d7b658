"""The command line: one module for each group of commands. Settings are read here."""
