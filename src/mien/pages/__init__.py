"""Values in, HTML out: pages that stand by themselves, without scripts or other files."""
