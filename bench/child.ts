import { writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { BenchClient, LocalContender, MeshContender } from "./contender.ts";
import { measureLatencies, measureSequence } from "./measure.ts";
import * as domain from "./mesh/domain.ts";
import type { ChildRole, Order } from "./order.ts";
import { localContenders, meshContenders } from "./own-contenders.ts";

// This program is one process of a contender: its server, its client, or both. It carries out each `Order` that the parent process sends.
const role = JSON.parse(process.argv[2] as string) as ChildRole;
const client = await start(role).catch(refuse);
const session = new Session();
process.on("message", (order: Order) => {
  obey(order).then(
    (answer) => process.send?.(answer),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
process.send?.({});

async function start({ bench, half, contender, port, peersFolder }: ChildRole): Promise<BenchClient | undefined> {
  if (bench === "local") return ((localContenders[contender] ?? (await peer("local", contender, peersFolder))) as LocalContender).start();
  const found = (meshContenders[contender] ?? (await peer("mesh", contender, peersFolder))) as MeshContender;
  if (half === "client") return found.createClient(port);
  await found.startServer(port);
  return undefined;
}

async function peer(bench: string, contender: string, folder: string): Promise<unknown> {
  const { createContenders } = await import(pathToFileURL(join(folder, `${bench}.mjs`)).href);
  const found: unknown = createContenders(domain)[contender];
  if (found === undefined) throw new TypeError(`there is no such contender in ${bench}.mjs`);
  return found;
}

/** Sends the parent the reason why this process cannot run, and exits. */
function refuse(error: unknown): Promise<never> {
  return new Promise(() => process.send?.({ error: String(error) }, () => process.exit(1)));
}

async function obey(order: Order): Promise<object> {
  switch (order.kind) {
    case "run":
      return role.bench === "local"
        ? measureSequence(client as BenchClient, order.length)
        : measureLatencies(client as BenchClient, order.concurrency, order.length);
    case "cpu": {
      const { user, system } = process.cpuUsage();
      return { cpuUs: user + system };
    }
    case "profile":
      session.connect();
      await session.post("Profiler.enable");
      await session.post("Profiler.setSamplingInterval", { interval: 200 });
      await session.post("Profiler.start");
      return {};
    case "profiled":
      writeFileSync(order.file, JSON.stringify((await session.post("Profiler.stop")).profile));
      return {};
  }
}
