"""Deleting people: those whose time is over, and those who are to be forgotten."""
