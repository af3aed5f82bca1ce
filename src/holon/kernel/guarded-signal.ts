import { readSafely } from "./thrown.ts";

type Listener = (event: Event) => unknown;

const guarded = new WeakSet<AbortSignal>();

/**
 * Lets the listeners of a signal throw. Without it, Node turns what a listener throws or rejects with into an uncaught exception, and that ends the process: a
 * client that disconnects could end it. Returns the same signal.
 *
 * It covers listeners that are added to this signal, not those of a signal that `AbortSignal.any` makes of it.
 */
export function guardListeners(signal: AbortSignal, onThrown: (thrown: unknown) => void): AbortSignal {
  if (guarded.has(signal)) return signal;
  guarded.add(signal);
  const guards = new WeakMap<object, Listener>();
  const guardOf = <Given>(listener: Given): Given | Listener => {
    if ((typeof listener !== "object" && typeof listener !== "function") || listener === null) return listener;
    let guard = guards.get(listener);
    if (guard === undefined) {
      guard = (event) => void run(() => listen(listener, signal, event), onThrown);
      guards.set(listener, guard);
    }
    return guard;
  };
  const { onabort } = Object.getOwnPropertyDescriptors(AbortSignal.prototype);
  const add: AbortSignal["addEventListener"] = AbortSignal.prototype.addEventListener;
  const remove: AbortSignal["removeEventListener"] = AbortSignal.prototype.removeEventListener;
  let handler: AbortSignal["onabort"] = null;
  Object.defineProperties(signal, {
    addEventListener: { value: (type: string, listener: Listener, options?: object) => add.call(signal, type, guardOf(listener), options) },
    removeEventListener: {
      value: (type: string, listener: Listener, options?: object) => remove.call(signal, type, guardOf(listener), options),
    },
    onabort: {
      get: () => handler,
      set: (given: AbortSignal["onabort"]) => {
        handler = given;
        onabort?.set?.call(signal, guardOf(given));
      },
    },
  });
  return signal;
}

function listen(listener: object, signal: AbortSignal, event: Event): unknown {
  if (typeof listener === "function") return listener.call(signal, event);
  return (listener as { handleEvent(event: Event): unknown }).handleEvent(event);
}

async function run(work: () => unknown, onThrown: (thrown: unknown) => void): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    readSafely(() => onThrown(thrown), undefined);
  }
}
