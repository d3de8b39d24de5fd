"""Frozen values and pure rules; nothing here knows of screens, files, networks or random numbers."""
