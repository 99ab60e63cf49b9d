"""`make bench-python`: one JSON object a line. `--quick` for a look, `--only=micro` or `sockets`.

`micro` is the middleware's added cost; `sockets` the server's processor time for a whole request,
with that of a server without middleware for a floor.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from typing import Any

from python.micro import micro
from python.sockets import sockets


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=["micro", "sockets"])
    given = parser.parse_args()
    parts: dict[str, Callable[[], Iterator[dict[str, Any]]]] = {
        "micro": lambda: micro(20 if given.quick else 150),
        "sockets": lambda: sockets(1 if given.quick else 5),
    }
    for name, part in parts.items():
        if given.only in (None, name):
            for row in part():
                print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
