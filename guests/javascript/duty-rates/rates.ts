// Assesses the duty on goods. It is a part of other guests and cannot be run: see `wit/duty.wit` for what it exports, and
// `customs-entry` for who uses it.

import { AGREEMENTS, HEADINGS, type Heading } from "./tariff";

interface Assessment {
  heading: string;
  perMille: number;
  preference: string | undefined;
  dutyCents: number;
}

export const rates = {
  assess(goods: string, origin: string, valueCents: number): Assessment {
    if (!/^\d{4,10}$/.test(goods)) throw `\`${goods}\` is no code of the tariff: expected 4 to 10 digits`;
    const heading = headingOf(goods);
    if (heading === undefined) throw `the tariff has no heading for \`${goods}\``;
    const agreement = AGREEMENTS.find(({ countries }) => countries.includes(origin));
    const perMille = Math.min(heading.perMille, agreement?.perMille[heading.code] ?? heading.perMille);
    return {
      heading: heading.code,
      perMille,
      preference: perMille < heading.perMille ? agreement?.name : undefined,
      dutyCents: due(Number(valueCents), perMille),
    };
  },
};

/** The most specific heading: the one with the longest code that the goods' code begins with. */
function headingOf(goods: string): Heading | undefined {
  const fitting = HEADINGS.filter(({ code }) => goods.startsWith(code));
  return fitting.sort((a, b) => b.code.length - a.code.length)[0];
}

/** Cents, a half one up. Whole numbers only, so that no fraction is lost. */
function due(valueCents: number, perMille: number): number {
  return Math.floor((valueCents * perMille + 500) / 1000);
}
