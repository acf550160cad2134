// Follows containers through the gate of a yard. Standard input is the gate's log, with a line for each passage: `in` or
// `out`, a blank, and the number of the container. The audit trail has the passages that cannot be, and the result says
// what is in the yard.
//
// `container-numbers` reads the numbers. It is in C, and is joined to this guest when it is built.

import { check } from "acme:freight/containers@1.0.0";
import { recordEvent } from "fractal:app/audit-log@0.1.0";
import { stdinText } from "micro-app";

export function run(): string {
  const yard = new Map<string, string>();
  const passages = stdinText()
    .split("\n")
    .filter((line) => line.trim() !== "");
  for (const [at, line] of passages.entries()) {
    const [, direction, text] = /^(in|out) (.+)$/.exec(line) ?? [];
    if (direction === undefined || text === undefined) throw `line ${at + 1}: expected \`in\` or \`out\` and a number`;
    const container = read(text);
    if (container === undefined) continue;
    const { number, owner } = container;
    if (yard.has(number) === (direction === "in")) {
      const where = direction === "in" ? "is in the yard already" : "is not in the yard";
      recordEvent({ eventType: "passage-impossible", resource: number, detail: `line ${at + 1}: ${direction}, but it ${where}` });
    }
    if (direction === "in") yard.set(number, owner);
    else yard.delete(number);
  }
  const owners = [...new Set(yard.values())].sort();
  return JSON.stringify({ passages: passages.length, inYard: [...yard.keys()].sort(), owners });
}

/** What a number says. A number that is wrong is recorded: the gate's camera misreads some. */
function read(text: string) {
  try {
    return check(text);
  } catch (error) {
    recordEvent({ eventType: "number-unreadable", resource: text, detail: String((error as { payload?: unknown }).payload ?? error) });
    return undefined;
  }
}
