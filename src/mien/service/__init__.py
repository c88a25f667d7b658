"""One use case a module; the only place where permission, vision, index and storage meet."""
