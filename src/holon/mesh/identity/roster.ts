import type { KeyObject } from "node:crypto";
import { isSignature, parsePublicKey } from "./process-key.ts";

/** The name of the public port in a roster, beside the names of contexts. A process whose key is bound to this name may vouch for users. */
export const EDGE = "edge";

/** Public keys by name: those of each context, and of `edge`. A name may have several keys, for replicas and while keys are changed. */
export type RosterKeys = Readonly<Record<string, readonly string[]>>;

const NO_NAMES: ReadonlySet<string> = new Set();

/** Says which contexts a key may speak for. What is not in the roster is refused, whatever a process says of itself. */
export class Roster {
  readonly #namesByKey = new Map<string, Set<string>>();
  readonly #keys = new Map<string, KeyObject>();

  /** An invalid key speaks for no context. */
  constructor(keys: RosterKeys) {
    for (const [name, publicKeys] of Object.entries(keys)) {
      for (const publicKey of publicKeys) this.#bind(name, publicKey);
    }
  }

  /** The names that a key is bound to; empty for an unknown key. */
  namesOf(publicKey: string): ReadonlySet<string> {
    return this.#namesByKey.get(publicKey) ?? NO_NAMES;
  }

  /** Whether the owner of a known key signed a text. */
  isSignedBy(publicKey: string, text: string, signature: unknown): boolean {
    const key = this.#keys.get(publicKey);
    return key !== undefined && isSignature(signature, text, key);
  }

  #bind(name: string, publicKey: string): void {
    const names = this.#namesByKey.get(publicKey);
    if (names !== undefined) {
      names.add(name);
      return;
    }
    const key = parsePublicKey(publicKey);
    if (key === undefined) return;
    this.#keys.set(publicKey, key);
    this.#namesByKey.set(publicKey, new Set([name]));
  }
}
