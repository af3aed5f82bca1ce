/**
 * The frames of the mesh, version 1.
 *
 * A frame is one line: a JSON array whose first member is its kind, then a comma and a newline. JSON escapes newlines inside strings, so the two
 * bytes cannot occur inside a frame. All frames that have arrived are put between brackets and parsed as one JSON text, which is cheaper
 * than to parse each alone.
 *
 * | from   | frame |
 * |--------|-------|
 * | caller | `[CALL, id, procedure, caller, leftMs, principal, traceparent, extras, input?]` |
 * | caller | `[OPEN, id, procedure, caller, leftMs, principal, traceparent, extras, window, input?]` |
 * | caller | `[CREDIT, id, count]`, `[CANCEL, id, late?]` |
 * | callee | `[ANSWER, id, output?]`, `[FAILURE, id, error]` |
 * | callee | `[ITEM, id, item?]`, `[END, id]`, `[GOAWAY]` |
 * | both   | `[HELLO, ...]` first of all, `[PING]`, `[PONG]` |
 *
 * - `procedure` and `caller` are numbers from the greetings.
 * - `leftMs` is 0 if there is no deadline.
 * - `principal` is a number of the connection's table, or `[number, principal]` if the principal is new in the table. If processes have keys, a signed token
 *   stands for the principal.
 * - `extras` is 0 or an object.
 * - `late` is 1 if the caller gave up because its deadline passed.
 * - A last member that is absent is `undefined`.
 *
 * A process may be older than its peer. It ignores what it does not know: frames of other kinds, members of a greeting and of extras, and members
 * after the last one of a frame. What a peer must understand is sent only to a peer that announced it as a feature.
 */
export const FRAME = {
  CALL: 0,
  ANSWER: 1,
  FAILURE: 2,
  CANCEL: 3,
  OPEN: 4,
  ITEM: 5,
  END: 6,
  CREDIT: 7,
  PING: 8,
  PONG: 9,
  GOAWAY: 10,
  HELLO: 11,
} as const;

const KNOWN_KINDS: ReadonlySet<unknown> = new Set(Object.values(FRAME));

/** Whether this version knows frames of this kind, from either side. */
export function isKnownKind(kind: unknown): boolean {
  return KNOWN_KINDS.has(kind);
}

/** The end of every frame. */
export const FRAME_END = ",\n";

/** A frame as the reader returns it: an array whose members are not checked yet. */
export type Frame = readonly unknown[];

/** The protocol's name, as it is in `Upgrade` and in every proof. */
export const MESH_PROTOCOL = "holon-mesh/1";
