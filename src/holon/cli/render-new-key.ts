import { createProcessKey } from "../mesh/identity/index.ts";

/** A key that was made just now, as a line for an environment file, and its public half for the roster. */
export function renderNewKey(): string {
  const { key, jwk } = createProcessKey();
  return `HOLON_KEY='${jwk}'\n# for HOLON_PEERS: ${key.publicKey}`;
}
