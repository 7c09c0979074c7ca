"""A run: its folder, log and snapshots, its loop from the first epoch to the exported file. Knows no command line."""
