// The module that the component exports. An uncaught error becomes the guest error of the run, and its stack goes to
// standard error. A guest that throws a text means an error of its own, which needs no stack.
import { run as main } from "./app/{source}";

export function run() {
  try {
    return main();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    console.error(`${error.name}: ${error.message}\n${error.stack ?? ""}`.trimEnd());
    throw `${error.name}: ${error.message}`;
  }
}
