import type { Guard } from "./guard.ts";
import { GUARDS_OF_DATA } from "./guards-of-data.ts";
import { GUARDS_OF_EDGE } from "./guards-of-edge.ts";
import { GUARDS_OF_HEALTH } from "./guards-of-health.ts";
import { GUARDS_OF_MESH } from "./guards-of-mesh.ts";
import { GUARDS_OF_WORK } from "./guards-of-work.ts";
import { GUARDS_OF_WORKFLOWS } from "./guards-of-workflows.ts";

/**
 * Guards of docs/promises.md that a change of some lines takes out.
 *
 * Left out: `JSON_UTF8`, and `withoutTokens` with `withoutPasswords`, because the gate `patterns` proves them, not a test; `eventsource-parser`, because that
 * guard is the version of a package; and "what is stored or sent keeps its name", because its test first installs the packages of the old version.
 */
export const GUARDS: readonly Guard[] = [
  ...GUARDS_OF_HEALTH,
  ...GUARDS_OF_DATA,
  ...GUARDS_OF_EDGE,
  ...GUARDS_OF_MESH,
  ...GUARDS_OF_WORK,
  ...GUARDS_OF_WORKFLOWS,
];
