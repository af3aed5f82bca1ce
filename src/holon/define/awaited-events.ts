import type { ContractMap } from "../contract/index.ts";
import type { EventHandler, EventHandlers } from "../work/inbox/event-handler.ts";
import { keepAwaitedEvent } from "../work/workflows/awaited-events.ts";
import type { WorkflowMap } from "../work/workflows/workflow.ts";

/** The parts of a context that decide which events it receives. */
interface HearingContext {
  readonly name: string;
  readonly subscribesTo: ContractMap;
  readonly workflows: WorkflowMap;
  readonly events: EventHandlers;
}

/**
 * The event handlers of a context, extended so that events which workflows wait for are stored: in the transaction that takes the event, before its own
 * handler.
 */
export function withAwaitedEvents({ name: context, subscribesTo, workflows, events }: HearingContext): EventHandlers {
  const heard: Record<string, Record<string, EventHandler | undefined>> = {};
  // Handlers of contexts that are not subscribed to are kept, because the start refuses them by name.
  for (const subscription of [...Object.keys(subscribesTo), ...Object.keys(events)]) heard[subscription] = { ...events[subscription] };
  for (const { waitsFor } of Object.values(workflows)) {
    for (const [subscription, names] of Object.entries(waitsFor)) {
      heard[subscription] ??= {};
      for (const event of names) heard[subscription][event] = keeping(context, events[subscription]?.[event]);
    }
  }
  return heard;
}

function keeping(context: string, handle: EventHandler | undefined): EventHandler {
  return async (args) => {
    await keepAwaitedEvent(args.tx.db, context, args.event);
    await handle?.(args);
  };
}
