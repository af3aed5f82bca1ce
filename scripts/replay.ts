import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "holon/client";
import type { contracts } from "#contracts";
import { refuseWords, runScript, UsageError, wholeNumber } from "../src/holon/cli/command-line.ts";
import { DEVELOPMENT_ADMIN } from "../src/shop/environment.ts";
import { readNorthwind } from "../src/shop/northwind/northwind.ts";
import { createProgressBar } from "./replay/progress-bar.ts";
import { isComplete, renderReport } from "./replay/report.ts";
import { createRetrying } from "./replay/retry.ts";
import { runReplay } from "./replay/run-replay.ts";
import { createSignedIn } from "./replay/signed-in.ts";

const USAGE = `Sends the 830 orders of Northwind to a shop that runs, waits until all are settled, and checks the results.

  npm run replay -- [options]

  --url URL                  the shop (http://127.0.0.1:3000)
  --mail-url URL             the page of its mails (http://127.0.0.1:3025/mail)
  --concurrency N            orders that are placed at once; 1 to 256 (8)
  --admin-email EMAIL        the admin who reads the orders (${DEVELOPMENT_ADMIN.email})
  --admin-password PASSWORD  the admin's password (${DEVELOPMENT_ADMIN.password})
  -h, --help                 prints this text
`;
const PATIENCE_MS = 60_000;

interface ReplayOptions {
  readonly shopUrl: string;
  readonly mailUrl: string;
  readonly concurrency: number;
  readonly credentials: { readonly email: string; readonly password: string };
}

async function main({ shopUrl, mailUrl, concurrency, credentials }: ReplayOptions): Promise<number> {
  const url = new URL("/trpc", shopUrl).href;
  const retry = { patienceMs: PATIENCE_MS, nowMs: () => performance.now(), sleep: (ms: number) => sleep(ms), random: Math.random };
  const stranger = createClient<typeof contracts>({ url, batch: false });
  const retrying = createRetrying({ ...retry, onRetry() {} });
  const token = createSignedIn({ signIn: () => retrying(() => stranger.users.signIn.mutate(credentials)), nowMs: Date.now });
  await token();

  const data = await readNorthwind();
  const client = createClient<typeof contracts>({ url, batch: false, token });
  const bar = (what: string) => createProgressBar(process.stderr, data.orders.length, what);
  const result = await runReplay({
    ...{ ...retry, client, data, concurrency, mailUrl },
    onProgress: bar("placed"),
    onSettled: bar("settled"),
  });
  process.stdout.write(`${renderReport(result)}\n`);
  return isComplete(result) ? 0 : 1;
}

function address(option: string, text: string): string {
  if (URL.canParse(text)) return text;
  throw new UsageError(`--${option} is "${text}" and must be an address, as http://127.0.0.1:3000.`);
}

await runScript({
  usage: USAGE,
  options: {
    url: { type: "string", default: "http://127.0.0.1:3000" },
    "mail-url": { type: "string", default: "http://127.0.0.1:3025/mail" },
    concurrency: { type: "string", default: "8" },
    "admin-email": { type: "string", default: DEVELOPMENT_ADMIN.email },
    "admin-password": { type: "string", default: DEVELOPMENT_ADMIN.password },
  },
  run({ values, positionals }) {
    refuseWords(positionals);
    return main({
      shopUrl: address("url", values.url),
      mailUrl: address("mail-url", values["mail-url"]),
      concurrency: wholeNumber("concurrency", values.concurrency, 1, 256),
      credentials: { email: values["admin-email"], password: values["admin-password"] },
    });
  },
});
