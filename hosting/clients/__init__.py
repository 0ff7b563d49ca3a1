"""The clients of what our processes call beside the engine: laboratory, government, SMS gateway, mail server."""
