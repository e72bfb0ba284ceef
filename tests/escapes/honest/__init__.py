"""Programs as analysts write them, over data.csv in their working folder: a linter that blocks one of them is wrong.

data.csv: 204 orders of a shop. order_id, date (ISO), region, city, sku, category, units (pieces), unit_price and cost
(pounds a piece), discount (share), channel, customer_age (years, gaps), rating (1-5, gaps), returned (yes/no), delivery_days
(gaps), note (text).
"""

import pkgutil
from importlib import import_module
from pathlib import Path

DATA = Path(__file__).with_name("data.csv")

PROGRAMS: tuple[str, ...] = tuple(
    program
    for found in pkgutil.iter_modules(__path__)
    for program in import_module(f"{__name__}.{found.name}").PROGRAMS
)
