/**
 * What this version of the toolkit understands beyond the frames of `holon-mesh/1`. Its greetings list it. A name is never used again for another
 * feature.
 */
export const MESH_FEATURES: readonly string[] = [];

/**
 * What the other end of a connection has announced.
 *
 * Before this process sends a frame or a member that the first `holon-mesh/1` did not have, it must ask here, and only here. An older peer
 * ignores what it does not know: it would wait for an answer that was given, or miss what it was sent.
 */
export class PeerFeatures {
  readonly #names: ReadonlySet<string>;

  /** A process older than features announces none. */
  constructor(announced: readonly string[] = []) {
    this.#names = new Set(announced);
  }

  has(feature: string): boolean {
    return this.#names.has(feature);
  }
}
