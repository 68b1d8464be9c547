"""Rival: the two workloads in FastAPI, served by uvicorn with uvloop and httptools, inputs checked by pydantic."""

import argparse

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

app = FastAPI()


class Greeting(BaseModel):
    """W1's answer."""

    message: str


class Order(BaseModel):
    """W2's input; strict, as JSON is typed for the others too."""

    model_config = ConfigDict(strict=True)

    customer: str = Field(min_length=1, max_length=80)
    qty: int = Field(ge=1, le=1000)
    express: bool = False


class Quote(BaseModel):
    """W2's answer."""

    customer: str
    price: float
    tier: str


@app.get("/hello/{name}")
async def hello(name: str) -> Greeting:
    """W1: greet by name."""
    return Greeting(message=f"Hello, {name}!")


@app.post("/quote")
async def quote(order: Order) -> Quote:
    """W2: check the input and price an order."""
    price = order.qty * 9.5
    if order.express:
        price += 15
    if order.qty >= 100:
        price *= 0.9
    if price >= 1000:
        tier = "gold"
    elif price >= 100:
        tier = "silver"
    else:
        tier = "basic"
    return Quote(customer=order.customer, price=round(price, 2), tier=tier)


def main() -> None:
    """Serve on the port that is asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    uvicorn.run(
        app, host="127.0.0.1", port=port, loop="uvloop", http="httptools", access_log=False, log_level="warning"
    )


if __name__ == "__main__":
    main()
