"""What a recipe asks of a network and its optimiser, a small unit each, and the step of all. Knows no files."""
