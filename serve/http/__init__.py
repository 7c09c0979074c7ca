"""What every request meets, whatever it asks for: ASGI layers, limits and errors. Knows no models."""
