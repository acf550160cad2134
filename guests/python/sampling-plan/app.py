"""Plans which lots are inspected, and how many units of each.

The plan follows ISO 2859-1 with general level II and an acceptable quality level of 1.0. If two of a product's last five
lots were rejected, the inspection of its next lots is tightened. Units are taken at equal distances from a random
start, so nobody knows beforehand which units are looked at.
"""

import json
import os

import wit_world
from componentize_py_types import Err
from wit_world.imports.audit_log import AuditEntry, record_event
from wit_world.imports.data_query import query

import arrow

# For lots up to so many units: the units to inspect, and the most defective ones with which a lot is accepted.
NORMAL = [
    (150, 13, 0),
    (500, 50, 1),
    (1_200, 80, 2),
    (3_200, 125, 3),
    (10_000, 200, 5),
    (35_000, 315, 7),
    (150_000, 500, 10),
]
TIGHTENED = [
    (280, 20, 0),
    (1_200, 80, 1),
    (3_200, 125, 2),
    (10_000, 200, 3),
    (35_000, 315, 5),
    (150_000, 500, 8),
]

OPEN_LOTS = """
SELECT id, product, units FROM lot
WHERE id NOT IN (SELECT lot FROM inspection)
ORDER BY produced, id
"""

# Among the last five inspections of each product, those in which the lot was rejected.
REJECTIONS = """
SELECT product, sum(rejected) AS rejections FROM (
  SELECT product, defects > accept AS rejected,
         row_number() OVER (PARTITION BY product ORDER BY inspected DESC) AS age
  FROM inspection
) WHERE age <= 5 GROUP BY product
"""


def plan(product: str, units: int, rejections: int) -> dict:
    tightened = rejections >= 2
    for most, sample, accept in TIGHTENED if tightened else NORMAL:
        if units <= most:
            break
    else:
        raise Err(f"a lot of {product} has {units} units, and the standard ends at {most}")
    sample = min(sample, units)
    step = units // sample
    start = int.from_bytes(os.urandom(4), "little") % step + 1
    return {
        "severity": "tightened" if tightened else "normal",
        "sample": sample,
        "accept": accept,
        "first": start,
        "step": step,
    }


class WitWorld(wit_world.WitWorld):
    def run(self) -> str:
        rejections = dict(arrow.rows(query(REJECTIONS)))
        plans = {}
        for lot, product, units in arrow.rows(query(OPEN_LOTS)):
            planned = plan(product, units, rejections.get(product, 0))
            record_event(
                AuditEntry(
                    "inspection-planned",
                    lot,
                    "{severity}: {sample} units from {first} in steps of {step}, accept up to {accept}".format(**planned),
                )
            )
            plans[lot] = planned["sample"]
        return json.dumps(plans)
