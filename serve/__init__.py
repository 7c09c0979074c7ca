"""Serves checkpoints over HTTP: batched by itself, bounded in everything. `serve-weights run` starts it."""
