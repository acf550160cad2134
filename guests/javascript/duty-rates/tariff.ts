// The tariff, as far as this company trades.

export interface Heading {
  code: string;
  perMille: number;
}

export interface Agreement {
  name: string;
  countries: string[];
  /** The lower rates, by heading. */
  perMille: Record<string, number>;
}

export const HEADINGS: Heading[] = [
  { code: "0901", perMille: 75 },
  { code: "090111", perMille: 0 },
  { code: "2710", perMille: 47 },
  { code: "6109", perMille: 120 },
  { code: "7308", perMille: 0 },
  { code: "8471", perMille: 0 },
  { code: "8703", perMille: 100 },
];

export const AGREEMENTS: Agreement[] = [
  { name: "economic partnership with Japan", countries: ["JP"], perMille: { "8703": 25 } },
  { name: "generalised preferences", countries: ["BD", "KH", "MM"], perMille: { "0901": 26, "6109": 0 } },
];
