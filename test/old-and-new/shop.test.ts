import { beforeAll, describe, expect, it } from "vitest";
import { checkShop, readStockAndSales } from "../../scripts/replay/check-shop.ts";
import { holds } from "../../scripts/replay/checks.ts";
import { checkMail } from "../../scripts/replay/mail-check.ts";
import { untilSettled } from "../../scripts/replay/settle.ts";
import { hasRedis } from "../../src/holon/work/queue/redis-server.testing.ts";
import { newTokenKey } from "../../src/shop/identity/token-keys.ts";
import { createMailSink, type MailSink } from "../../src/shop/mail/mail-sink.ts";
import { readNorthwind } from "../../src/shop/northwind/northwind.ts";
import { type Fleet, type Member, startFleet } from "../faults/harness/fleet.ts";
import type { FaultProgram } from "../faults/harness/program.ts";
import { say } from "../faults/harness/say.ts";
import { SCALE } from "../faults/harness/scale.ts";
import { showingOnFailure } from "../faults/harness/showing-on-failure.ts";
import { PATIENCE, retrying, ShopLoad } from "./harness/shop-load.ts";
import { shopProgram } from "./harness/versions.ts";

/** The shop, updated process by process while it is used: to this version, back to the old one, and to this one again. */
const options = { timeout: 600_000 };

const CONTEXTS = ["users", "catalog", "orders", "payments", "notifications"];
const HOSTS = ["goods", "orders", "money"];
const MEMBERS: readonly Member[] = [
  { name: "edge", contexts: "none", roles: "edge", calls: HOSTS },
  { name: "goods", contexts: "users,catalog", roles: "rpc,jobs", calls: HOSTS },
  { name: "orders", contexts: "orders", roles: "rpc,jobs", calls: HOSTS },
  { name: "money", contexts: "payments,notifications", roles: "rpc,jobs", calls: HOSTS },
];

let programs: Readonly<Record<"old" | "new", FaultProgram>>;

beforeAll(async () => {
  const [before, after] = await Promise.all([shopProgram("old"), shopProgram("new")]);
  programs = { old: before, new: after };
}, options.timeout);

// The second backend takes part only if all counts are run: the suite's own app tests the difference on both backends.
describe.each(SCALE < 0.5 ? (["redis"] as const) : (["redis", "postgres"] as const))("the shop, queues on %s", options, (backend) => {
  it.skipIf(!hasRedis && backend === "redis")(
    "sells while its processes are replaced by those of another version, forward, back and forward",
    options,
    async () => {
      const mail = await createMailSink(Date.now);
      const env = { SMTP_URL: mail.url, SHOP_TOKEN_PRIVATE_KEY: JSON.stringify(await newTokenKey()) };
      const fleet = await startFleet({ app: "shop", backend, contexts: CONTEXTS, members: MEMBERS, program: programs.old, env });
      try {
        await showingOnFailure(fleet, () => check(fleet, mail));
      } finally {
        await fleet.close();
        await mail.close();
      }
    },
  );
});

async function check(fleet: Fleet, mail: MailSink): Promise<void> {
  const { orders } = await readNorthwind();
  const load = new ShopLoad(fleet.url("edge"), orders);
  const { client } = load;
  await load.start();
  const before = await retrying(() => readStockAndSales(client));
  const ends: unknown[] = [];
  const roll = async (version: "old" | "new", ...names: readonly string[]): Promise<void> => {
    ends.push(...(await Promise.all(names.map((name) => fleet.process(name).become(programs[version])))));
    await Promise.all(names.map((name) => fleet.process(name).ready()));
    await load.more(5);
  };
  await load.more(5);
  for (const { name } of MEMBERS) await roll("new", name);
  // The rollback takes another order, so that an old edge runs with new contexts, and new contexts call old ones.
  await roll("old", "edge", "orders");
  await roll("old", "goods", "money");
  await roll("new", "goods", "orders");
  await roll("new", "edge", "money");
  await load.stop();

  const counts = await untilSettled({ client, retrying, days: { from: undefined, to: undefined }, ...PATIENCE, onProgress() {} });
  const confirmed = load.placed;
  say("the shop was updated", { orders: confirmed, ends, counts });
  expect(counts).toEqual({ confirmed });
  const checks = [
    ...(await checkShop({ client, before, ...PATIENCE })),
    ...(await checkMail({ client, mailUrl: "http://127.0.0.1:9/mail", confirmed, ...PATIENCE })),
  ];
  expect(checks.filter((found) => !holds(found))).toEqual([]);
  const sent = mail.mails().map(({ messageId }) => messageId);
  expect({ mails: sent.length, different: new Set(sent).size }).toEqual({ mails: confirmed, different: confirmed });
  expect(ends.filter((end) => end !== 0)).toEqual([]);
}
