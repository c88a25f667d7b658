"""What is unreadable at rest: templates, crops and thumbnails, and the keys to them."""
