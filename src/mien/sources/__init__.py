"""Photos the holder already has, as a stream of items. Sources never store or decide."""
