"""Starts Ray Serve on a loopback port, asks what is deployed there a few things, stops, and prints what came back.

python ray_program.py FOLDER PICTURE
"""

import json
import socket
import sys
from pathlib import Path

import httpx2
import ray
from ray import serve
from ray.serve.config import HTTPOptions

from serve.ray_app import build_deployment
from serve.settings import Settings


def main(folder: str, picture: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ray.init(num_cpus=1, include_dashboard=False, _node_ip_address="127.0.0.1", _temp_dir=folder)
    serve.start(http_options=HTTPOptions(host="127.0.0.1", port=port), logging_config={"enable_access_log": False})
    serve.run(build_deployment(Settings(torch_threads=1, decode_threads=1, access_log="off")), name="app")
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        answers = [
            client.post("/predict", content=Path(picture).read_bytes(), headers={"content-type": "image/png"}),
            client.post("/predict?top_k=2", content=b"no picture"),
            client.get("/readyz"),
        ]
    serve.shutdown()  # type: ignore[no-untyped-call]
    ray.shutdown()
    print(json.dumps([[each.status_code, dict(each.headers), each.json()] for each in answers]))


if __name__ == "__main__":
    main(*sys.argv[1:])
