"""Model cards as data: one TOML file a model, with its Gaussian beside it."""
