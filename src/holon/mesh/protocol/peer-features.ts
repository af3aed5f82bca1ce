/**
 * What this version of the toolkit understands beyond the frames of `holon-mesh/1`; it stands in its greetings. A name is never used again for
 * something else.
 */
export const MESH_FEATURES: readonly string[] = [];

/**
 * What the other end of a connection has announced.
 *
 * This is the one place to ask before a frame or a member is sent that `holon-mesh/1` did not have at first: an older peer leaves alone what
 * it does not know, so it would wait for an answer that was given, or lose what it was told.
 */
export class PeerFeatures {
  readonly #names: ReadonlySet<string>;

  /** A process from before features announces none. */
  constructor(announced: readonly string[] = []) {
    this.#names = new Set(announced);
  }

  has(feature: string): boolean {
    return this.#names.has(feature);
  }
}
