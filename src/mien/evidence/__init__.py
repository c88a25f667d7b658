"""How strong a match is: scores against a cohort of nobody, and what a score is worth."""
