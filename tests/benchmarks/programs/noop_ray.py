"""Ray Serve with FastAPI on a model that does nothing. Its fast path is on where the environment says so.

python noop_ray.py PORT
"""

import os
import sys
import threading

import ray
from fastapi import FastAPI, Request
from ray import serve
from ray.serve.config import HTTPOptions

app = FastAPI()


@serve.deployment(num_replicas=1, max_ongoing_requests=64, ray_actor_options={"num_cpus": 0.5})
@serve.ingress(app)
class Noop:
    """Answers at once."""

    @app.post("/predict")
    async def predict(self, request: Request) -> dict[str, int]:
        """The body's length."""
        return {"index": len(await request.body())}

    @app.get("/readyz")
    async def ready(self) -> dict[str, str]:
        """Once the deployment is there."""
        return {}


if __name__ == "__main__":
    ray.init(num_cpus=os.cpu_count(), include_dashboard=False, _node_ip_address="127.0.0.1")
    serve.start(
        http_options=HTTPOptions(host="127.0.0.1", port=int(sys.argv[1])), logging_config={"enable_access_log": False}
    )
    serve.run(Noop.bind(), name="noop")  # type: ignore[attr-defined]
    threading.Event().wait()
