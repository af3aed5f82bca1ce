/** A message from the harness to a process. From then on each handler that reaches the point waits there, and the last of them kills the process. */
export interface ArmMessage {
  readonly kind: "arm";
  readonly point: string;
  /** How many handlers must reach the point before the process dies. */
  readonly count: number;
}

/** Answers the harness that the process is armed. */
export interface ArmedMessage {
  readonly kind: "armed";
}

let armed: ArmMessage | undefined;
let arrived = 0;

/** Handles messages of the harness, if the process has one. */
export function hearHarness(): void {
  process.on("message", (message: { readonly kind?: string }) => {
    if (message.kind !== "arm") return;
    armed = message as ArmMessage;
    arrived = 0;
    process.send?.({ kind: "armed" } satisfies ArmedMessage);
  });
}

/** A point in a handler at which the harness can make the process die, with all handlers that wait there. */
export async function point(name: string): Promise<void> {
  if (armed?.point !== name) return;
  arrived++;
  if (arrived >= armed.count) process.kill(process.pid, "SIGKILL");
  await new Promise(() => {});
}
