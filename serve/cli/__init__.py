"""`serve-weights`: the server's command line. A command is a module here with a row in `serve.cli.main`."""
