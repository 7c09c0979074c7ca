"""Models as the server uses them: loaded, warmed up, asked, taken away. Knows nothing of HTTP."""
