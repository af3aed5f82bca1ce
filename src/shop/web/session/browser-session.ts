import { Session, type SessionState } from "./session.ts";

const NAME = "shop.session";

/** The session of this tab. It shares its state with the shop's other tabs. */
export function createBrowserSession(): Session {
  const channel = new BroadcastChannel(NAME);
  const session = new Session({
    fetch: (input, init) => window.fetch(input, init),
    nowMs: Date.now,
    storage: window.localStorage,
    exclusively,
    tell: (state) => channel.postMessage(state),
  });
  channel.addEventListener("message", (event: MessageEvent<SessionState>) => session.hear(event.data));
  return session;
}

/** Locks exist on pages that were loaded by https or from this machine; on other pages each tab runs on its own. */
function exclusively<T>(run: () => Promise<T>): Promise<T> {
  const locks = navigator.locks as LockManager | undefined;
  return locks === undefined ? run() : (locks.request(NAME, run) as Promise<T>);
}
