// The register's export, checked field by field: what JSON says of a licence is not what TypeScript believes of it.

export interface Licence {
  number: string;
  site: string;
  holder: string;
  activity: string;
  validUntil: Date;
  conditions: string[];
}

/** Reads the export. It throws a text that says which field of which licence is wrong. */
export function register(text: string): Licence[] {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw `the register is no JSON: ${(error as Error).message}`;
  }
  const licences = (data as { licences?: unknown } | null)?.licences;
  if (!Array.isArray(licences)) throw "the register has no list `licences`";
  return licences.map(licence);
}

function licence(found: Record<string, unknown>, at: number): Licence {
  const where = typeof found?.number === "string" ? `licence ${found.number}` : `licence ${at + 1} of the list`;
  const text = (key: string): string => {
    const value = found?.[key];
    if (typeof value !== "string" || value === "") throw `${where} has no text \`${key}\``;
    return value;
  };
  const validUntil = text("validUntil");
  const date = new Date(`${validUntil}T00:00:00Z`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(validUntil) || Number.isNaN(date.getTime())) {
    throw `${where}: \`validUntil\` is \`${validUntil}\`, expected a date such as 2026-03-31`;
  }
  const conditions = found.conditions ?? [];
  if (!Array.isArray(conditions) || conditions.some((condition) => typeof condition !== "string")) {
    throw `${where}: \`conditions\` is no list of texts`;
  }
  return {
    number: text("number"),
    site: text("site"),
    holder: text("holder"),
    activity: text("activity"),
    validUntil: date,
    conditions,
  };
}
