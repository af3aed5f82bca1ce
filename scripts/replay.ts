import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createClient } from "holon/client";
import type { contracts } from "#contracts";
import { DEVELOPMENT_ADMIN } from "../src/shop/environment.ts";
import { readNorthwind } from "../src/shop/northwind/northwind.ts";
import { createProgressBar } from "./replay/progress-bar.ts";
import { isComplete, renderReport } from "./replay/report.ts";
import { createRetrying } from "./replay/retry.ts";
import { runReplay } from "./replay/run-replay.ts";
import { createSignedIn } from "./replay/signed-in.ts";

const USAGE = `Sends the 830 orders of Northwind to a shop that runs, waits until all are settled, and checks what came of them.

  npm run replay -- --url http://127.0.0.1:3000 [--concurrency 8] [--mail-url http://127.0.0.1:3025/mail] [--admin-email EMAIL --admin-password PASSWORD]
`;
const PATIENCE_MS = 60_000;
const BAD_USAGE = 2;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      url: { type: "string", default: "http://127.0.0.1:3000" },
      "mail-url": { type: "string", default: "http://127.0.0.1:3025/mail" },
      concurrency: { type: "string", default: "8" },
      "admin-email": { type: "string", default: DEVELOPMENT_ADMIN.email },
      "admin-password": { type: "string", default: DEVELOPMENT_ADMIN.password },
    },
  });
  const concurrency = Number(values.concurrency);
  if (!URL.canParse(values.url) || !URL.canParse(values["mail-url"]) || !Number.isInteger(concurrency) || concurrency < 1 || concurrency > 256) {
    process.stderr.write(`${USAGE}\n  url and mail-url are addresses, concurrency a number from 1 to 256.\n`);
    return BAD_USAGE;
  }
  const url = new URL("/trpc", values.url).href;
  const retry = { patienceMs: PATIENCE_MS, nowMs: () => performance.now(), sleep: (ms: number) => sleep(ms), random: Math.random };
  const stranger = createClient<typeof contracts>({ url, batch: false });
  const credentials = { email: values["admin-email"], password: values["admin-password"] };
  const retrying = createRetrying({ ...retry, onRetry() {} });
  const token = createSignedIn({ signIn: () => retrying(() => stranger.users.signIn.mutate(credentials)), nowMs: Date.now });
  await token();

  const data = await readNorthwind();
  const client = createClient<typeof contracts>({ url, batch: false, token });
  const bar = (what: string) => createProgressBar(process.stderr, data.orders.length, what);
  const result = await runReplay({
    ...{ ...retry, client, data, concurrency, mailUrl: values["mail-url"] },
    onProgress: bar("placed"),
    onSettled: bar("settled"),
  });
  process.stdout.write(`${renderReport(result)}\n`);
  return isComplete(result) ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`The replay stopped: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
