import { EDGE } from "../../mesh/identity/roster.ts";
import { type AppShape, ROLES, type Role } from "./plan.ts";
import { type EnvironmentReader, meant } from "./environment-reader.ts";
import { maskedValue } from "./configuration-error.ts";
import { nearestName } from "./nearest-name.ts";

/** Names that variables use for something else: `HOLON_CONTEXTS=none`, `HOLON_QUEUE_DATABASE_URL`, the edge in `HOLON_PEERS`. */
const TAKEN_NAMES: readonly string[] = ["all", "none", "queue", EDGE];

/** Contexts hosted here, in the order of the app. A misspelled name counts as the name that was meant, so that one fault is reported once. */
export function readContexts(shape: AppShape, reader: EnvironmentReader): string[] {
  const all = shape.contexts.map((context) => context.name);
  for (const name of all.filter((context) => TAKEN_NAMES.includes(context))) {
    reader.refuse("defineApp", `lists a context "${name}", a name that variables use for something else.`, "Give the context another name.");
  }
  const asked = reader.list("HOLON_CONTEXTS");
  if (asked === undefined) return all;
  const word = asked.find((name) => name === "none" || name === "all");
  if (word !== undefined) {
    if (asked.length > 1) reader.refuse("HOLON_CONTEXTS", `says ${word} and names contexts.`, `Say ${word} alone, or name the contexts.`);
    return word === "all" ? all : [];
  }
  const hosted = new Set<string>();
  for (const name of asked) {
    hosted.add(nearestName(name, all) ?? name);
    if (all.includes(name)) continue;
    reader.refuse(
      "HOLON_CONTEXTS",
      `names ${maskedValue(name)}, which is no context of the app.`,
      `${meant(name, all)}Contexts are: ${all.join(", ")}.`,
    );
  }
  return all.filter((context) => hosted.has(context));
}

/** The roles of this process. A bare edge has only the role `edge`, unless `HOLON_ROLES` says otherwise. */
export function readRoles(contexts: readonly string[], reader: EnvironmentReader): Role[] {
  const asked = reader.list("HOLON_ROLES");
  if (asked === undefined) return contexts.length > 0 ? [...ROLES] : ["edge"];
  const roles = ROLES.filter((role) => asked.some((name) => (nearestName(name, ROLES) ?? name) === role));
  for (const name of asked) {
    if (ROLES.some((role) => role === name)) continue;
    reader.refuse("HOLON_ROLES", `names ${maskedValue(name)}, which is no role.`, `${meant(name, ROLES)}Roles are: ${ROLES.join(", ")}.`);
  }
  const idle = contexts.length === 0 ? asked.filter((name) => name === "rpc" || name === "jobs") : [];
  for (const role of idle) {
    reader.refuse(
      "HOLON_ROLES",
      `gives the role ${role} to a process that hosts no context.`,
      `Name contexts in HOLON_CONTEXTS, or take ${role} out.`,
    );
  }
  return roles;
}
