"""A made table for measuring: orders, 10 MB of CSV by default, the same bytes every time."""

from pathlib import Path

GOAL = "average price by region"
ROWS = 217_000  # 10 MB


def write_orders(path: Path, rows: int = ROWS) -> Path:
    """Write `rows` orders with a date, two categories and three numbers."""
    import numpy as np
    import pandas as pd

    random = np.random.default_rng(42)
    regions = np.array(["North", "South", "East", "West", "Central", "Islands", "Coast", "Highlands"])
    products = np.array([f"product {i:03}" for i in range(200)])
    days = np.arange("2023-01-01", "2025-01-01", dtype="datetime64[D]")
    pd.DataFrame(
        {
            "date": random.choice(days, rows),
            "region": random.choice(regions, rows, p=np.arange(1, 9) / 36),
            "product": random.choice(products, rows),
            "units": random.integers(1, 50, rows),
            "price": random.gamma(2.0, 30.0, rows).round(2),
            "discount": random.beta(2, 8, rows).round(4),
        }
    ).to_csv(path, index=False)
    return path
