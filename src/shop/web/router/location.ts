import { useSyncExternalStore } from "react";

/** The path of the shop's pages; all other paths belong to the API. */
export const BASE = "/shop";

const listeners = new Set<() => void>();

/** How often the address changed without a reload. */
let moves = 0;

window.addEventListener("popstate", moved);

function moved(): void {
  moves += 1;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Goes to another page of the shop. `replace` replaces the current entry of the history. */
export function navigate(to: string, { replace = false }: { readonly replace?: boolean } = {}): void {
  const samePath = new URL(to, window.location.href).pathname === window.location.pathname;
  if (replace) window.history.replaceState(null, "", to);
  else window.history.pushState(null, "", to);
  if (!samePath) window.scrollTo(0, 0);
  moved();
}

/** The path of the page, without a trailing slash, and its query. */
export function useLocation(): { readonly path: string; readonly search: string } {
  const path = useSyncExternalStore(subscribe, () => window.location.pathname);
  const search = useSyncExternalStore(subscribe, () => window.location.search);
  return { path: path === `${BASE}/` ? path : path.replace(/\/$/, ""), search };
}

/** Whether the address has changed since the page was loaded: only then does a heading take the focus. */
export function hasMoved(): boolean {
  return moves > 0;
}
