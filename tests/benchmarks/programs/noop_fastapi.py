"""FastAPI as its tutorial has it: a plain function, which runs in FastAPI's thread pool, and the body as bytes.

python noop_fastapi.py PORT
"""

import sys
from typing import Annotated

import uvicorn
from fastapi import Body, FastAPI

app = FastAPI()


@app.post("/predict")
def predict(picture: Annotated[bytes, Body(media_type="image/jpeg")]) -> dict[str, int]:
    """The body's length."""
    return {"index": len(picture)}


@app.get("/readyz")
def ready() -> dict[str, str]:
    """At once."""
    return {}


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_level="warning")
