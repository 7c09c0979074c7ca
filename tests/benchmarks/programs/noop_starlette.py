"""The floor: Starlette that reads a raw body and says so. No queue, no pool, no answer worth having.

python noop_starlette.py PORT
"""

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


async def predict(request: Request) -> JSONResponse:
    """The body's length."""
    return JSONResponse({"index": len(await request.body())})


async def ready(_: Request) -> JSONResponse:
    """At once."""
    return JSONResponse({})


if __name__ == "__main__":
    app = Starlette(routes=[Route("/predict", predict, methods=["POST"]), Route("/readyz", ready)])
    uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_level="warning")
