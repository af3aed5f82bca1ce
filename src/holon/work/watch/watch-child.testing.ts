/** A separate process that hosts `orders`: emits one event for each line that it reads, and prints the moment of the commit. */
import { createInterface } from "node:readline";
import { openWatchingProcess } from "./watching-process.testing.ts";

const [url, role] = process.argv.slice(2) as [string, string | undefined];
const running = openWatchingProcess(url, role);
await running.data.ping();
process.stdout.write("ready\n");
for await (const line of createInterface({ input: process.stdin })) {
  await running.note(Number(line));
  process.stdout.write(`${JSON.stringify({ n: Number(line), committedAtMs: performance.timeOrigin + performance.now() })}\n`);
}
await running.close();
