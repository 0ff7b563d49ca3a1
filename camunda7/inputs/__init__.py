"""Cleans and parses input: text, telephone numbers, e-mail addresses, and days in the user's time zone."""
