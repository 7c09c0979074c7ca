"""Our server on a model that does nothing. Decode pool, queue and engine thread are all in the way, as in earnest.

python noop_ours.py PORT
"""

import sys

from serve.assembly import build_app
from serve.cli.run import listen
from serve.cli.server import Server
from serve.models.noop_model import NoopModel
from serve.settings import Settings


def main(port: int) -> int:
    """Serve until told to stop."""
    settings = Settings(port=port, access_log="off")
    app = build_app(settings, open_model=NoopModel)
    server = Server(settings, app, app.state.serving)
    server.run(sockets=[listen(settings)])
    return server.exit_code


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
