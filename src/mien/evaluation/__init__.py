"""How good is it, on these photos: error rates with their intervals. Knows numbers alone."""
