"""One request and its answer: who asks, what they may, within which limits, what went wrong."""
