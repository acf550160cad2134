// Checks types as `tsc --project tsconfig.json` does, and sees no files but those of this folder and of the compiler. `tsc`
// itself looks for types in each folder above.
const [compiler] = process.argv.slice(1);
const path = require("path");
const ts = require(path.join(compiler, "lib/typescript.js"));

const rooms = [process.cwd(), compiler, ts.sys.realpath(compiler)].map((room) => room + path.sep);
const isSeen = (file) => rooms.some((room) => (ts.sys.resolvePath(file) + path.sep).startsWith(room));
const seen = (look, otherwise) => (file, ...rest) => (isSeen(file) ? look(file, ...rest) : otherwise);
for (const [name, otherwise] of [
  ["directoryExists", false],
  ["fileExists", false],
  ["getDirectories", []],
  ["readDirectory", []],
  ["readFile", undefined],
]) {
  ts.sys[name] = seen(ts.sys[name], otherwise);
}
ts.executeCommandLine(ts.sys, () => {}, ["--project", "tsconfig.json"]);
