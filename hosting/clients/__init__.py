"""Clients of laboratory, government, SMS gateway and mail server."""
