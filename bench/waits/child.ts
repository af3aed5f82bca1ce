import type { ChildRole, Order } from "../order.ts";
import type { WaitsClient } from "./contender.ts";
import { waitsContenders } from "./contenders.ts";

// This program is one process of a contender of the benches of background work. It carries out each `Order` that the parent process sends.
const role = JSON.parse(process.argv[2] as string) as ChildRole;
const client = await start(role).catch(refuse);
process.on("message", (order: Order) => {
  obey(order).then(
    (answer) => process.send?.(answer),
    (error: unknown) => process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
process.send?.({});

async function start({ bench, contender, places }: ChildRole): Promise<WaitsClient> {
  const found = waitsContenders[bench]?.[contender];
  if (found === undefined || places === undefined) throw new TypeError(`there is no contender ${contender} of ${bench}, or no place for it`);
  return found.start(places);
}

/** Sends the parent the reason why this process cannot run, and exits. */
function refuse(error: unknown): Promise<never> {
  return new Promise(() => process.send?.({ error: String(error) }, () => process.exit(1)));
}

async function obey(order: Order): Promise<object> {
  switch (order.kind) {
    case "run":
      return client.measure(order.concurrency, order.length);
    case "cpu": {
      const { user, system } = process.cpuUsage();
      return { cpuUs: user + system };
    }
    default:
      throw new TypeError("work that waits is profiled by --cpu-prof, not by the bench");
  }
}
