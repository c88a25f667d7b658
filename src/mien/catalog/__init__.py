"""What is known, in SQL: photos and where they were found, faces, collections, grants, runs."""
