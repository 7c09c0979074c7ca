"""Where the bytes of a checkpoint come from. Knows files, servers and digests; knows nothing of what is in a file."""
