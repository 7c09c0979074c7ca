"""Single items become batches on threads, and each caller gets its own answer. Knows neither pictures nor HTTP."""
