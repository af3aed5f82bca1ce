import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { hasChromium, picturePath, startChromium } from "../browser/chromium.ts";
import { type FixtureProcess, freePort, freshFolder, runProgram } from "../processes/fixture/run.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SHOP = path.join(ROOT, "src/shop/main.ts");
const CONTEXTS = ["users", "catalog", "orders", "payments", "notifications"];
const ADMIN = { email: "admin@example.test", password: "northwind" };
interface RunningShop {
  readonly url: string;
  /** The operations ports of the processes. */
  readonly ops: readonly string[];
}

const started: FixtureProcess[] = [];

/** Waits until there is an answer; the test's own time limit ends the wait. */
async function awaited<Value>(ask: () => Promise<Value | undefined> | Value | undefined): Promise<Value> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await sleep(50);
  }
}

/** Starts the real shop, with a database of its own. */
async function startShop(command: "start" | "apart"): Promise<RunningShop> {
  const port = await freePort();
  const env = {
    ...{ PORT: String(port), HOLON_MESH_PORT: "0", HOLON_OPS_PORT: "0", SHOP_MAIL_PORT: String(await freePort()), LOG_LEVEL: "warn" },
    HOLON_EMBEDDED_FOLDER: path.join(freshFolder(), "postgres"),
  };
  const running = runProgram(SHOP, [command], env, ROOT);
  started.push(running);
  const count = command === "start" ? 1 : CONTEXTS.length + 1;
  const ops = await awaited(() => {
    if (running.child.exitCode !== null) throw new TypeError(`the shop ended: ${running.output()}`);
    const found = new Set([...running.output().matchAll(/operations +(http:\S+)/g)].map(([, url]) => String(url)));
    return found.size === count ? [...found] : undefined;
  });
  return { url: `http://127.0.0.1:${port}`, ops };
}

async function tokenOf({ url }: RunningShop): Promise<string> {
  return awaited(async () => {
    const answer = await fetch(`${url}/trpc/users.signIn`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(ADMIN),
    });
    const body = (await answer.json()) as { result?: { data: { token: string } } };
    return body.result?.data.token;
  });
}

async function signInWithToken(page: Page, shop: RunningShop): Promise<void> {
  await page.getByLabel("Bearer token of an admin").fill(await tokenOf(shop));
  await page.getByRole("button", { name: "Sign in with a token" }).click();
}

async function signInWithPassword(page: Page): Promise<void> {
  await page.getByLabel("E-mail").fill(ADMIN.email);
  await page.getByLabel("Password").fill(ADMIN.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** Names of the queues that the board lists. */
async function queuesOn(page: Page, ops: string): Promise<string[]> {
  const answer = await page.request.get(`${ops}/ops/jobs/api/queues`);
  return ((await answer.json()) as { queues: { name: string }[] }).queues.map(({ name }) => name).sort();
}

describe.skipIf(!hasChromium)("the dashboard in a browser (left out where no chromium is installed)", { timeout: 240_000 }, () => {
  let browser: Browser;
  const seen = new Map<string, string[]>();
  beforeAll(async () => {
    browser = await startChromium();
  });
  afterEach(async () => {
    for (const { child } of started) child.kill("SIGTERM");
    await Promise.all(started.splice(0).map(({ ended }) => ended));
  });
  afterAll(() => browser?.close());

  test.each([
    ["start", signInWithPassword],
    ["apart", signInWithToken],
  ] as const)("lets an admin in and shows the queues of all contexts: %s", async (command, signIn) => {
    const shop = await startShop(command);
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(0);
    const refused: string[] = [];
    const broken: string[] = [];
    page.on("pageerror", (error) => broken.push(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith("http://127.0.0.1:")) refused.push(new URL(request.url()).host);
    });
    const [first = ""] = shop.ops;
    expect((await page.goto(`${first}/ops/jobs`))?.status()).toBe(401);
    await page.screenshot({ path: picturePath(`${command}-sign-in`) });
    await signIn(page, shop);
    await page.getByText("queues", { exact: false }).first().waitFor();
    await page.waitForURL(`${first}/ops/jobs`);

    const queues = await queuesOn(page, first);
    for (const context of CONTEXTS) expect(queues.filter((name) => name.split(".")[1] === context)).not.toEqual([]);
    await page
      .getByRole("link", { name: /orders/ })
      .first()
      .waitFor();
    await page.screenshot({ path: picturePath(`${command}-queues`) });
    // One sign-in is valid for all processes, and all show the same queues.
    for (const ops of shop.ops) expect(await queuesOn(page, ops)).toEqual(queues);
    seen.set(command, queues);

    await page.goto(`${first}/ops/jobs/queue/${queues.find((name) => name.startsWith("jobs.orders")) ?? queues[0]}`);
    await page.getByText("Latest", { exact: false }).first().waitFor();
    await page.screenshot({ path: picturePath(`${command}-queue`) });
    await page.goto(`${first}/ops/work`);
    await page.getByRole("heading", { name: "Background work" }).waitFor();
    await page.screenshot({ path: picturePath(`${command}-work`) });
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL(`${first}/ops/sign-in`);
    expect((await page.goto(`${first}/ops/work`))?.status()).toBe(401);
    expect(broken).toEqual([]);
    expect([...new Set(refused)].filter((host) => host !== "fonts.googleapis.com")).toEqual([]);
    await page.close();
  });

  test("shows the same queues together and apart", () => {
    expect(seen.get("start")).toEqual(seen.get("apart"));
    expect(seen.size).toBe(2);
  });
});
