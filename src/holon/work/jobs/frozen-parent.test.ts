import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { until } from "../../data/child.testing.ts";
import { createRunAlone } from "./run-alone.ts";

/** A child that gets its job and never ends it. */
const HANGS = `
const { writeFileSync } = require("node:fs");
process.on("message", () => writeFileSync(process.argv[2], ""));
process.send({ kind: "ready" });
setInterval(() => {}, 1_000);
`;

it("a child has not killed itself if its parent was frozen until the child's time and the lease were over", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "holon-alone-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const [program, begun] = [path.join(folder, "child.cjs"), path.join(folder, "begun")];
  await writeFile(program, HANGS);
  const lost = new AbortController();
  const runAlone = createRunAlone({ program, args: [begun], execArgv: [], env: process.env });
  const outcome = runAlone({ context: "orders", id: "a", attempt: 1, timeoutMs: 2_000 }, lost.signal);
  await until(() => existsSync(begun));
  // Aborts as the end of a lease does: the reports of the second thread are read first.
  setTimeout(() => setImmediate(() => lost.abort()), 100);
  // Blocks the only thread, as SIGSTOP does.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4_000);
  expect(await outcome).toEqual({ kind: "unstarted", how: "its parent stops" });
});
