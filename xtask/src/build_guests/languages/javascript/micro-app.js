// What a guest finds at its start: `import { args, env, stdin, stdinText } from "micro-app"`.
import { getArguments, getEnvironment } from "wasi:cli/environment@{wasi}";
import { getStdin } from "wasi:cli/stdin@{wasi}";

const PIECE = 65536;

/** The arguments, without the guest's own name. */
export function args() {
  return getArguments().slice(1);
}

/** The environment variables, by name. */
export function env() {
  return Object.fromEntries(getEnvironment());
}

/** The bytes of standard input, up to its end. */
export function stdin() {
  const stream = getStdin();
  const pieces = [];
  let length = 0;
  for (;;) {
    let piece;
    try {
      piece = stream.blockingRead(PIECE);
    } catch (error) {
      if (error?.payload?.tag === "closed") break;
      throw error;
    }
    pieces.push(piece);
    length += piece.length;
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Standard input as text, which must be UTF-8. */
export function stdinText() {
  return new TextDecoder("utf-8", { fatal: true }).decode(stdin());
}
