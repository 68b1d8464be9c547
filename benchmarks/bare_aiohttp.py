"""Rival: the two workloads as bare aiohttp handlers, with uvloop, msgspec and checks written by hand; it keeps no history."""

import argparse
from typing import Any

import msgspec
import uvloop
from aiohttp import web

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder().decode


def reply(value: Any, status: int = 200) -> web.Response:
    """A JSON answer."""
    return web.Response(body=encode(value), status=status, content_type="application/json")


async def hello(request: web.Request) -> web.Response:
    """W1: greet by name."""
    return reply({"message": f"Hello, {request.match_info['name']}!"})


def faults(data: Any) -> list[str]:
    """What is wrong with a quote's body."""
    if not isinstance(data, dict):
        return ["the body must be an object"]
    found = []
    customer, qty, express = data.get("customer"), data.get("qty"), data.get("express", False)
    if not isinstance(customer, str) or not 1 <= len(customer) <= 80:
        found.append("customer must be a text of 1 to 80 characters")
    if not isinstance(qty, int) or isinstance(qty, bool) or not 1 <= qty <= 1000:
        found.append("qty must be an integer from 1 to 1000")
    if not isinstance(express, bool):
        found.append("express must be a boolean")
    return found


async def quote(request: web.Request) -> web.Response:
    """W2: check the input and price an order."""
    try:
        data = decode(await request.read())
    except msgspec.DecodeError as error:
        return reply({"detail": str(error)}, 400)
    if found := faults(data):
        return reply({"detail": found}, 422)
    price = data["qty"] * 9.5
    if data.get("express", False):
        price += 15
    if data["qty"] >= 100:
        price *= 0.9
    if price >= 1000:
        tier = "gold"
    elif price >= 100:
        tier = "silver"
    else:
        tier = "basic"
    return reply({"customer": data["customer"], "price": round(price, 2), "tier": tier})


def main() -> None:
    """Serve on the port that is asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    app = web.Application()
    app.router.add_get("/hello/{name}", hello)
    app.router.add_post("/quote", quote)
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None, loop=uvloop.new_event_loop())


if __name__ == "__main__":
    main()
