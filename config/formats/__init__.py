"""How the admin shows dates and times; Django looks for a folder per language."""
