import type { Clock } from "../kernel/clock.ts";
import { DEFAULT_LIMITS } from "../kernel/limits.ts";
import { createKeyIdentity, type ProcessIdentity } from "../mesh/identity/process-identity.ts";
import { createProcessKey, type ProcessKey } from "../mesh/identity/process-key.ts";
import { EDGE, Roster, type RosterKeys } from "../mesh/identity/roster.ts";

/** Keys for all processes of a test app that runs apart, and for the test, which may call as any of them. */
export class TestKeys {
  readonly peers: RosterKeys;
  readonly #keys: ReadonlyMap<string, ProcessKey>;
  readonly #testKey = createProcessKey().key;

  constructor(contexts: readonly string[], testCaller: string) {
    const names = [EDGE, ...contexts];
    this.#keys = new Map(names.map((name) => [name, createProcessKey().key]));
    const bound = [...this.#keys].map(([name, { publicKey }]) => [name, [publicKey, this.#testKey.publicKey]]);
    this.peers = Object.fromEntries([...bound, [testCaller, [this.#testKey.publicKey]]]);
  }

  /** The key of the process that hosts a context, or of the edge. */
  of(name: string): ProcessKey {
    return this.#keys.get(name) as ProcessKey;
  }

  /** The identity with which the test calls. */
  testIdentity(clock: Clock): ProcessIdentity {
    return createKeyIdentity({ key: this.#testKey, roster: new Roster(this.peers), clock, limits: DEFAULT_LIMITS });
  }
}
