// Says in one line what this micro-app is for.

import { recordEvent } from "fractal:app/audit-log@0.1.0";

export function run(): string {
  recordEvent({ eventType: "app-started", resource: "{name}", detail: "First run" });
  return "Hello from {name}!";
}
