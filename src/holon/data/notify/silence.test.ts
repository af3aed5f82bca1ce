import postgres from "postgres";
import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../kernel/clock.ts";
import { silentLogger } from "../../kernel/log.ts";
import { until } from "../child.testing.ts";
import { useTestDatabase } from "../database.testing.ts";
import { openSilentProxy, type SilentProxy } from "../silent-proxy.testing.ts";
import { NotifyHub } from "./notify-hub.ts";

const place = useTestDatabase();

/** A proxy before the database. It is closed after the test. */
async function behindProxy(): Promise<SilentProxy> {
  const proxy = await openSilentProxy(place.database.url);
  onTestFinished(() => proxy.close());
  return proxy;
}

describe("a connection that listens to other processes", () => {
  it("is opened again when the server does not answer LISTEN", async () => {
    const proxy = await behindProxy();
    const hub = new NotifyHub({ clock: systemClock, log: silentLogger });
    proxy.silenceAt('listen "');
    const heard: unknown[] = [];
    hub.listen(proxy.url, "orders_changed", (sender) => heard.push(sender));
    await until(() => proxy.heldBytes > 0);
    proxy.silenceAt(undefined);
    await until(() => heard.length > 0);
    expect(heard).toEqual([undefined]);
    await hub.close();
  });

  it("is opened again if the server goes silent later, and receives notifications again", async () => {
    const proxy = await behindProxy();
    const hub = new NotifyHub({ clock: systemClock, log: silentLogger });
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

describe("a connection that listens to other processes, and that the server ends each time", () => {
  it("is opened again after waits that grow, and that is logged once", async () => {
    const said: string[] = [];
    const warn = (_fields: object | string, text?: string): void => void said.push(text ?? "");
    const hub = new NotifyHub({ clock: systemClock, log: { ...silentLogger, warn } });
    let heardCount = 0;
    hub.listen(place.database.url, "orders_changed", () => heardCount++);
    const sql = postgres(place.database.url, { max: 1 });
    for (let life = 1; life <= 6; life++) {
      await until(() => heardCount === life);
      await sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'holon listen' and datname = current_database()`;
    }
    await sql.end();
    await until(() => heardCount === 7);
    expect(said).toHaveLength(1);
    await hub.close();
  });
});
