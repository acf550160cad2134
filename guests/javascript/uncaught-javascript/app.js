// What a fault in the guest's own code looks like in a report: it records one entry, and then reads a field of nothing.

import { recordEvent } from "fractal:app/audit-log@0.1.0";

export function run() {
  recordEvent({ eventType: "app-started", resource: "uncaught-javascript", detail: "before the fault" });
  return holder({ number: "WDL-7" });
}

function holder(licence) {
  return licence.holder.name;
}
