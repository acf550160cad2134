// What `globals.js` and `micro-app.js` have, as types.

interface Console {
  log(...values: unknown[]): void;
  info(...values: unknown[]): void;
  debug(...values: unknown[]): void;
  warn(...values: unknown[]): void;
  error(...values: unknown[]): void;
}

declare const console: Console;

declare class TextEncoder {
  readonly encoding: string;
  encode(text?: string): Uint8Array;
}

declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean });
  readonly encoding: string;
  decode(input?: ArrayBufferView | ArrayBuffer): string;
}

declare module "micro-app" {
  /** The arguments, without the guest's own name. */
  export function args(): string[];
  /** The environment variables, by name. */
  export function env(): Record<string, string>;
  /** The bytes of standard input, up to its end. */
  export function stdin(): Uint8Array;
  /** Standard input as text, which must be UTF-8. */
  export function stdinText(): string;
}
