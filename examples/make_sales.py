"""Write sales_q3.jsonl: 200 made-up orders of the third quarter of 2025, the same every time.

python examples/make_sales.py
"""

import json
import random
from datetime import date, timedelta
from pathlib import Path

PRODUCTS = {"desk": 420.0, "chair": 185.0, "lamp": 64.5, "monitor": 310.0, "keyboard": 89.9}
REGIONS = {"North": 5, "South": 3, "East": 4, "West": 2}


def main() -> None:
    draw = random.Random(2025)
    lines = []
    for order in range(1, 201):
        product = draw.choice(list(PRODUCTS))
        region = draw.choices(list(REGIONS), weights=list(REGIONS.values()))[0]
        units = draw.randint(1, 12)
        discount = draw.choice([0, 0, 0, 0.05, 0.1, 0.15])
        lines.append(
            {
                "order_id": f"Q3-{order:04}",
                "date": (date(2025, 7, 1) + timedelta(days=draw.randrange(92))).isoformat(),
                "region": region,
                "product": product,
                "units": units,
                "discount": discount,
                "revenue": round(units * PRODUCTS[product] * (1 - discount), 2),
                "channel": draw.choice(["web", "web", "shop"]),
                "returned": draw.random() < 0.06,
                "rating": draw.choice([None, 3, 4, 4, 5, 5]),
            }
        )
    lines.sort(key=lambda line: (line["date"], line["order_id"]))
    target = Path(__file__).with_name("sales_q3.jsonl")
    target.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main()
