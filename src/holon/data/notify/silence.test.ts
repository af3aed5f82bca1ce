import postgres from "postgres";
import { describe, expect, it, onTestFinished } from "vitest";
import { silentLogger } from "../../kernel/index.ts";
import { until } from "../child.testing.ts";
import { useTestDatabase } from "../database.testing.ts";
import { openSilentProxy, type SilentProxy } from "../silent-proxy.testing.ts";
import { NotifyHub } from "./notify-hub.ts";

const place = useTestDatabase();

/** A proxy before the database, which is closed after the test. */
async function behindProxy(): Promise<SilentProxy> {
  const proxy = await openSilentProxy(place.database.url);
  onTestFinished(() => proxy.close());
  return proxy;
}

describe("a connection that hears other processes", { timeout: 40_000 }, () => {
  it("is opened again when the server does not answer LISTEN", async () => {
    const proxy = await behindProxy();
    const hub = new NotifyHub(silentLogger);
    proxy.silenceAt('listen "');
    const heard: unknown[] = [];
    hub.listen(proxy.url, "orders_changed", (sender) => heard.push(sender));
    await until(() => proxy.heldBytes > 0);
    proxy.silenceAt(undefined);
    await until(() => heard.length > 0);
    expect(heard).toEqual([undefined]);
    await hub.close();
  });

  it("is opened again when the server goes silent later, and hears again", async () => {
    const proxy = await behindProxy();
    const hub = new NotifyHub(silentLogger);
    const heard: unknown[] = [];
    hub.listen(proxy.url, "orders_changed", (sender) => heard.push(sender));
    await until(() => heard.length === 1);
    proxy.silence();
    proxy.speak("stay silent");
    await until(() => heard.length === 2);
    const sql = postgres(place.database.url, { max: 1 });
    await sql`select pg_notify('orders_changed', 'them')`;
    await sql.end();
    await until(() => heard.length === 3);
    expect(heard).toEqual([undefined, undefined, "them"]);
    await hub.close();
  });
});
