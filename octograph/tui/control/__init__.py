"""What the user commands and chooses: actions, keys, the palette, themes, settings."""
