"""Simulated shoppers: most browse, some buy. They use the public API the way the storefront does."""

import random
import uuid

from locust import HttpUser, between, task

SEARCHES = ["lantern", "tea", "ramen", "paper", "silk"]
ADDRESS = {
    "name": "Ada Lovelace",
    "line1": "12 St James Square",
    "city": "London",
    "postalCode": "SW1Y 4JH",
    "countryCode": "GB",
}


class Visitor(HttpUser):
    """Browses without an account."""

    weight = 4
    wait_time = between(1, 3)

    def on_start(self) -> None:
        """Fetch the product ids."""
        answer = self.client.get("/api/v1/products?pageSize=100", name="/api/v1/products")
        self.product_ids = [product["id"] for product in answer.json()["products"]]

    @task(4)
    def view_product(self) -> None:
        """Open a product page, with its stock and recommendations."""
        self.client.get(f"/p/{random.choice(self.product_ids)}", name="/p/{id}")

    @task(2)
    def search(self) -> None:
        """Run a full-text search."""
        self.client.get(f"/api/v1/products?query={random.choice(SEARCHES)}", name="/api/v1/products?query=")

    @task
    def view_home_page(self) -> None:
        """Open the home page."""
        self.client.get("/")


class Buyer(Visitor):
    """Has an account, fills a cart and places an order. One card in ten is declined, which is not a failure."""

    weight = 1

    def on_start(self) -> None:
        """Sign up and sign in."""
        super().on_start()
        credentials = {"email": f"{uuid.uuid4().hex}@example.com", "password": "correct horse battery"}
        self.client.post("/api/v1/accounts", json={**credentials, "name": "Ada"})
        token = self.client.post("/api/v1/sessions", json=credentials).json()["token"]
        self.client.cookies.clear()
        self.client.headers["Authorization"] = f"Bearer {token}"

    @task(3)
    def buy(self) -> None:
        """Fill the cart and place an order."""
        for product in random.sample(self.product_ids, random.choice([1, 1, 2, 3])):
            self.client.post("/api/v1/cart/items", json={"productId": product, "quantity": 1})
        declined = random.random() < 0.1
        with self.client.post(
            "/api/v1/orders",
            json={"shippingAddress": ADDRESS, "paymentToken": "tok_declined" if declined else "tok_visa"},
            headers={"Idempotency-Key": str(uuid.uuid4())},
            catch_response=True,
        ) as answer:
            if answer.status_code in (400, 409):  # the card was declined, or a product sold out
                answer.success()
