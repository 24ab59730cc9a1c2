"""Proposals that make a plan better, as edits of its text. Pure: nothing is written here."""
