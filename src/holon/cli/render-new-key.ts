import { createProcessKey } from "../mesh/identity/process-key.ts";

/** A new key as a line for an environment file, and its public half for the roster. */
export function renderNewKey(): string {
  const { key, jwk } = createProcessKey();
  return `HOLON_KEY='${jwk}'\n# for HOLON_PEERS: ${key.publicKey}`;
}
