"""Says in one line what this micro-app is for."""

import wit_world
from wit_world.imports.audit_log import AuditEntry, record_event


class WitWorld(wit_world.WitWorld):
    def run(self) -> str:
        record_event(AuditEntry("app-started", "{name}", "First run"))
        return "Hello from {name}!"
