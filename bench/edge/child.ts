import type { ChildRole, Order } from "../order.ts";
import { edgeContenders } from "./contenders.ts";
import { measureRequests } from "./load.ts";

// This program is one process of a contender of the edge bench: its server, or the load generator. It carries out each `Order` that the parent process sends.
const { contender: name, half, port } = JSON.parse(process.argv[2] as string) as ChildRole;
const contender = edgeContenders[name];
if (contender === undefined) refuse(`there is no contender ${name}`);
else if (half === "server") await contender.start(port).catch((error: unknown) => refuse(String(error)));
process.on("message", (order: Order) => {
  obey(order).then(
    (answer) => process.send?.(answer),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
process.send?.({});

/** Sends the parent the reason why this process cannot run, and exits. */
function refuse(error: string): void {
  process.send?.({ error }, () => process.exit(1));
}

async function obey(order: Order): Promise<object> {
  if (order.kind === "run" && contender !== undefined) return measureRequests(port, contender.question, order.concurrency, order.length);
  if (order.kind !== "cpu") throw new TypeError("the edge is profiled by --cpu-prof, not by the bench");
  const { user, system } = process.cpuUsage();
  return { cpuUs: user + system };
}
