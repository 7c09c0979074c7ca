"""What a recipe says, and what can be said of it before it runs. Data and pure functions: no torch."""
