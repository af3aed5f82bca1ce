import { createTestDatabase, type TestDatabase } from "holon/testing";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestRedis, type TestRedis } from "../../src/holon/work/queue/redis-server.testing.ts";
import { eventually, type FixtureProcess, freePort, runProgram } from "../processes/fixture/run.ts";
import { FAILURES } from "./fixture/failures.ts";

/** Every secret begins with this mark, followed by the place where the test puts it. */
const MARK = "cnry";
const put = new Set<string>();

/** A secret for one place: at least 32 characters, so that it can also be the app's own secret. */
function secret(place: string): string {
  put.add(place);
  return `${MARK}${place.replace(/[^a-zA-Z]/g, "")}${"x".repeat(28)}`;
}

let database: TestDatabase;
let redis: TestRedis;
let leaky: FixtureProcess;
/** All answers that clients got. */
const answers: string[] = [];
let url: string;
let ops: string;

async function send(target: string, { headers, ...init }: RequestInit = {}): Promise<Response> {
  const answer = await fetch(target, { ...init, redirect: "manual", headers: { connection: "close", ...headers } });
  answers.push(`${answer.status} ${JSON.stringify([...answer.headers])} ${await answer.clone().text()}`);
  return answer;
}

const call = (path: string, input: unknown, headers: Record<string, string> = {}) =>
  send(`${url}/trpc/${path}`, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(input) });
const ask = (path: string, input: unknown, more = "", headers: Record<string, string> = {}) =>
  send(`${url}/trpc/${path}?input=${encodeURIComponent(JSON.stringify(input))}${more}`, { headers });
const look = (path: string) => send(ops + path, { headers: { authorization: "Bearer admin", accept: "application/json, text/html" } });

/** The database URL with a login whose password is a secret. */
async function loginUrl(): Promise<string> {
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  const password = secret("DatabaseUrl");
  await sql.unsafe(`drop role if exists secret_login`);
  await sql.unsafe(`create role secret_login login superuser password '${password}'`);
  await sql.end();
  const login = new URL(database.url);
  login.username = "secret_login";
  login.password = password;
  return login.href;
}

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
  const [port, meshPort, opsPort] = [await freePort(), await freePort(), await freePort()];
  [url, ops] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${opsPort}`];
  leaky = runProgram(new URL("fixture/main.ts", import.meta.url).pathname, ["start"], {
    ...{ PORT: String(port), HOLON_MESH_PORT: String(meshPort), HOLON_OPS_PORT: String(opsPort), LOG_LEVEL: "debug" },
    DATABASE_URL: await loginUrl(),
    REDIS_URL: redis.url.replace("redis://", `redis://default:${secret("RedisUrl")}@`),
    HOLON_SECRET: secret("HolonSecret"),
    SMTP_URL: `smtp://mailer:${secret("SmtpUrl")}@127.0.0.1:1`,
    SMTP_PASSWORD: secret("Environment"),
  });
  await eventually("the app answers", async () => (await fetch(`${url}/readyz`)).ok || undefined);
});
afterAll(async () => {
  leaky.child.kill("SIGKILL");
  await leaky.ended;
  await Promise.all([database.drop(), redis.stop()]);
});

/** The log lines that contain a text. */
const logged = (text: string) =>
  leaky
    .output()
    .split("\n")
    .filter((line) => line.includes(text)).length;

test("no secret of 30 places leaves a process: not in logs, errors, metrics, dashboards, or what is kept of failures", async () => {
  for (const how of FAILURES) {
    const answer = await call("vault.fail", { how, secret: secret(`failure ${how}`), password: secret("password of a body") });
    expect({ how, status: answer.status }).toEqual({ how, status: 500 });
  }
  const headers = {
    cookie: `session=${secret("cookie")}`,
    "x-api-key": secret("api key header"),
    "holon-principal": secret("forged header"),
    referer: `https://shop.test/?ticket=${secret("referer")}`,
    "user-agent": `curl password=${secret("user agent")}`,
  };
  await ask("vault.read", { password: secret("query string") }, `&token=${secret("more of a query string")}`, headers);
  await ask("vault.nothing", { password: secret("query string of nothing") }, "", headers);
  await ask("vault.read", {}, `&connectionParams=${encodeURIComponent(JSON.stringify({ token: secret("connection parameters") }))}`);
  await call("vault.read", {}, { authorization: `Bearer ${secret("bearer token")}` });
  await call("vault.strict", { password: secret("bad value") });
  await send(`${url}/trpc/vault.strict`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: `{"password": ${secret("bad JSON")}`,
  });
  await ask("vault.lie", { password: secret("bad answer") });
  const row = { id: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", note: secret("parameters of a statement") };
  expect((await call("vault.put", row, { "idempotency-key": secret("idempotency key") })).status).toBe(409);
  expect((await ask("vault.find", { id: secret("value that Postgres repeats") })).status).toBe(500);

  await call("vault.work", { password: secret("data of job, event and run") });
  const sql = postgres(database.url, { max: 1 });
  const kept = await eventually("job, event and run have failed", async () => {
    const rows = await sql`select reason from vault.holon_jobs union all select reason from clerk.holon_inbox
      union all select reason from vault.holon_runs union all select error::text from vault.holon_steps where error is not null`;
    const reasons = rows.flatMap(({ reason }) => (reason === null ? [] : [String(reason)]));
    return reasons.length >= 4 ? reasons : undefined;
  });
  await sql.end();
  expect(kept.map((reason) => reason.includes("[redacted]"))).toEqual(kept.map(() => true));

  const form = { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin" };
  for (const body of [`email=a@b.test&password=${secret("password of a form")}`, `token=${secret("token of a form")}`]) {
    await send(`${ops}/ops/sign-in`, { method: "POST", headers: form, body });
  }
  await send(`${ops}/ops/work?password=${secret("query string of operations")}`);
  const pages = ["/metrics", "/readyz", "/ops/work", "/ops/work.json", "/ops/jobs", "/ops/jobs/api/queues"];
  for (const queue of ["jobs.vault", "events.clerk", "ack.vault"]) pages.push(`/ops/jobs/api/queues?activeQueue=${queue}&page=1&jobsPerPage=20`);
  for (const page of pages) expect({ page, status: (await look(page)).status }).toEqual({ page, status: 200 });
  expect(answers.join()).toContain("no letter with password=[redacted]");

  await call("vault.crash", { password: secret("uncaught error") }).catch(() => {});
  expect(await leaky.ended).toBe(1);

  expect(put.size).toBeGreaterThanOrEqual(30);
  expect(logged("errorId")).toBeGreaterThan(FAILURES.length);
  expect(logged("an error was not caught")).toBe(1);
  expect(leaksIn(leaky.output())).toEqual([]);
  expect(leaksIn(answers.join("\n"))).toEqual([]);
  expect(leaksIn(kept.join("\n"))).toEqual([]);
});

/** The secrets in a text, each with the text around it. */
function leaksIn(text: string): string[] {
  return [...text.matchAll(new RegExp(`.{0,80}${MARK}.{0,40}`, "g"))].map(([leak]) => leak);
}
