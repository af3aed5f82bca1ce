/** What the harness says to a process over its channel: who comes to the point waits there, and the last of them kills the process. */
export interface ArmMessage {
  readonly kind: "arm";
  readonly point: string;
  /** How many must have come before the process dies. */
  readonly count: number;
}

/** Tells the harness that a process is armed. */
export interface ArmedMessage {
  readonly kind: "armed";
}

let armed: ArmMessage | undefined;
let arrived = 0;

/** Listens to the harness, where there is one. */
export function hearHarness(): void {
  process.on("message", (message: { readonly kind?: string }) => {
    if (message.kind !== "arm") return;
    armed = message as ArmMessage;
    arrived = 0;
    process.send?.({ kind: "armed" } satisfies ArmedMessage);
  });
}

/** A place in a handler at which the harness may let the process die, with all who stand there. */
export async function point(name: string): Promise<void> {
  if (armed?.point !== name) return;
  arrived++;
  if (arrived >= armed.count) process.kill(process.pid, "SIGKILL");
  await new Promise(() => {});
}
