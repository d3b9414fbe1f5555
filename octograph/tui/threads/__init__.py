"""Conversations as the app handles them: found, compared, exported, called back."""
