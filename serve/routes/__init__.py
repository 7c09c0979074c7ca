"""The routes, a noun a file; each file gives a router to `serve.app`."""
