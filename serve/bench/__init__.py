"""`serve-weights bench`: measures a server from outside. Imports nothing of the server, which may be anybody's."""
