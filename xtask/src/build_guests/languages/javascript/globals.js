// What scripts expect of a JavaScript engine besides the language, and QuickJS has not. esbuild puts in only what a
// script uses.
import { getStdout } from "wasi:cli/stdout@{wasi}";
import { getStderr } from "wasi:cli/stderr@{wasi}";

export class TextEncoder {
  get encoding() {
    return "utf-8";
  }
  encode(text = "") {
    const bytes = [];
    for (const character of String(text)) {
      let code = character.codePointAt(0);
      if (code >= 0xd800 && code < 0xe000) code = 0xfffd;
      if (code < 0x80) bytes.push(code);
      else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
      else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
      else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    }
    return Uint8Array.from(bytes);
  }
}

// The least code of each length: what is less was written longer than needed.
const LEAST = [0, 0x80, 0x800, 0x10000];

export class TextDecoder {
  constructor(label = "utf-8", { fatal = false } = {}) {
    if (!/^utf-?8$/i.test(label)) throw new RangeError(`\`${label}\` is no encoding here, expected \`utf-8\``);
    this.fatal = fatal;
  }
  get encoding() {
    return "utf-8";
  }
  decode(input = new Uint8Array()) {
    const bytes = ArrayBuffer.isView(input)
      ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
      : new Uint8Array(input);
    const parts = [];
    let codes = [];
    let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
    while (at < bytes.length) {
      const first = bytes[at++];
      let more = first < 0x80 ? 0 : first < 0xc2 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : -1;
      let code = more < 1 ? first : first & (0x3f >> more);
      for (let left = more; left > 0; left--) {
        const next = bytes[at];
        // A part that could not begin a valid character ends the one before it.
        const whole = (code << 6) | (next & 0x3f);
        const bits = 6 * (left - 1);
        const least = LEAST[more] >> bits;
        const most = 0x10ffff >> bits;
        const surrogate = more === 2 && left === 2 && whole >= 0x360 && whole < 0x380;
        if (next === undefined || (next & 0xc0) !== 0x80 || whole < least || whole > most || surrogate) {
          more = -1;
          break;
        }
        code = whole;
        at++;
      }
      if (more < 0) {
        if (this.fatal) throw new TypeError("the bytes are not UTF-8");
        code = 0xfffd;
      }
      codes.push(code);
      // `fromCodePoint` takes its characters as arguments, whose number has a limit.
      if (codes.length === 4096) {
        parts.push(String.fromCodePoint(...codes));
        codes = [];
      }
    }
    parts.push(String.fromCodePoint(...codes));
    return parts.join("");
  }
}

// WASI writes at most this many bytes in one call.
const CHUNK = 4096;

function print(stream, values) {
  const bytes = new TextEncoder().encode(`${values.map(shown).join(" ")}\n`);
  for (let at = 0; at < bytes.length; at += CHUNK) {
    stream.blockingWriteAndFlush(bytes.subarray(at, at + CHUNK));
  }
}

function shown(value) {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value !== "object" || value === null) return String(value);
  return JSON.stringify(value);
}

export const console = {
  log: (...values) => print(getStdout(), values),
  info: (...values) => print(getStdout(), values),
  debug: (...values) => print(getStdout(), values),
  warn: (...values) => print(getStderr(), values),
  error: (...values) => print(getStderr(), values),
};
