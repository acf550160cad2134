"""What a fault in the guest's own code looks like in a report: it records one entry, and then looks up what is not there."""

import wit_world
from wit_world.imports.audit_log import AuditEntry, record_event


def holder(licence: dict) -> str:
    return licence["holder"]


class WitWorld(wit_world.WitWorld):
    def run(self) -> str:
        record_event(AuditEntry("app-started", "uncaught-python", "before the fault"))
        return holder({"number": "WDL-7"})
