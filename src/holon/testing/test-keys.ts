import { type Clock, DEFAULT_LIMITS } from "../kernel/index.ts";
import { createKeyIdentity, createProcessKey, EDGE, type ProcessIdentity, type ProcessKey, Roster, type RosterKeys } from "../mesh/identity/index.ts";

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
