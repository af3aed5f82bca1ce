import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Client, createClient } from "holon/client";
import type { contracts } from "#contracts";
import { type FixtureProcess, freePort, freshFolder, runProgram } from "../processes/fixture/run.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CONTEXTS = 5;

/** The admin account of a development machine. */
export const ADMIN = { email: "admin@example.test", password: "northwind" };

/** The real shop with its own database, in one process or in six. */
export interface RunningShop {
  readonly url: string;
  /** All mails that were sent. */
  mails(): Promise<readonly { readonly to: string; readonly subject: string; readonly text: string }[]>;
  /** The shop's procedures, called by an admin without the browser. */
  readonly admin: Client<typeof contracts>;
  stop(): Promise<void>;
}

/** Starts the shop as a user does, and waits until it answers. */
export async function startShop(command: "start" | "apart"): Promise<RunningShop> {
  const [port, mailPort] = [await freePort(), await freePort()];
  const env = {
    ...{ PORT: String(port), HOLON_MESH_PORT: "0", HOLON_OPS_PORT: "0", SHOP_MAIL_PORT: String(mailPort), LOG_LEVEL: "warn" },
    HOLON_EMBEDDED_FOLDER: path.join(freshFolder(), "postgres"),
  };
  const running = runProgram(path.join(ROOT, "src/shop/main.ts"), [command], env, ROOT);
  await isReady(running, command === "start" ? 1 : CONTEXTS + 1);
  const url = `http://127.0.0.1:${port}`;
  const token = await adminToken(url);
  return {
    url,
    admin: createClient<typeof contracts>({ url: `${url}/trpc`, token }),
    async mails() {
      const answer = await fetch(`http://127.0.0.1:${mailPort}/mail.json`);
      return ((await answer.json()) as Awaited<{ mails: Awaited<ReturnType<RunningShop["mails"]>> }>).mails;
    },
    async stop() {
      running.child.kill("SIGTERM");
      await running.ended;
    },
  };
}

async function isReady({ child, output }: FixtureProcess, processes: number): Promise<void> {
  await until(() => {
    if (child.exitCode !== null) throw new TypeError(`the shop ended: ${output()}`);
    return new Set([...output().matchAll(/operations +(http:\S+)/g)].map(([, ops]) => ops)).size === processes;
  });
}

async function adminToken(url: string): Promise<string> {
  const client = createClient<typeof contracts>({ url: `${url}/trpc` });
  let token = "";
  await until(async () => {
    token = await client.users.signIn.mutate(ADMIN).then(
      (session) => session.token,
      () => "",
    );
    return token !== "";
  });
  return token;
}

/** Waits until a condition holds; the test's own time limit ends the wait. */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await sleep(50);
}
