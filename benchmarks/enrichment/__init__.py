"""Measures how inquiries are read."""
