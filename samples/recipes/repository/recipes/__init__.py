"""Recipes: read, scale, list."""
