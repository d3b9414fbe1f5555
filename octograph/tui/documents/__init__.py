"""The user's documents as the app handles them: paths, mentions, additions in the background."""
