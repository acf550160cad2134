// Checks the licences of a site. Standard input is the register's export: JSON with a list `licences`. Each finding
// becomes an audit entry, and the result says how many there are. A register that is malformed is an error of this
// guest, because half of a check would look like a whole one.

import { recordEvent } from "fractal:app/audit-log@0.1.0";
import { args, stdinText } from "micro-app";

import { type Licence, register } from "./register";

/** Whoever holds a licence needs this many days to renew it. */
const NOTICE_DAYS = 60;

const DAY_MS = 24 * 60 * 60 * 1000;

/** The states of a licence that a person must look at, the gravest first. */
const STATES = ["lapsed", "unconditional", "lapses-soon"] as const;

type State = (typeof STATES)[number];

interface Finding {
  licence: Licence;
  state: State;
  detail: string;
}

export function run(): string {
  const today = new Date();
  const sites = new Set(args());
  const licences = register(stdinText()).filter(({ site }) => sites.size === 0 || sites.has(site));
  const findings = licences.flatMap((licence) => check(licence, today) ?? []);
  findings.sort(
    (a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state) || a.licence.number.localeCompare(b.licence.number),
  );
  for (const { licence, state, detail } of findings) {
    recordEvent({ eventType: `licence-${state}`, resource: licence.number, detail });
  }
  const counts = Object.fromEntries(
    STATES.map((state) => [state, findings.filter((finding) => finding.state === state).length]),
  );
  return JSON.stringify({ checked: licences.length, ...counts });
}

function check(licence: Licence, today: Date): Finding | undefined {
  const days = Math.floor((licence.validUntil.getTime() - today.getTime()) / DAY_MS);
  const until = licence.validUntil.toISOString().slice(0, 10);
  if (days < 0) {
    return { licence, state: "lapsed", detail: `${licence.holder} may not ${licence.activity} since ${until}` };
  }
  if (licence.activity === "discharge" && licence.conditions.length === 0) {
    return { licence, state: "unconditional", detail: `${licence.holder} may discharge without a condition` };
  }
  if (days < NOTICE_DAYS) {
    return { licence, state: "lapses-soon", detail: `${licence.holder}: ${days} days left to ${licence.activity}` };
  }
  return undefined;
}
