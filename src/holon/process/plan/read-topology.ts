import { EDGE } from "../../mesh/identity/roster.ts";
import { maskedValue, meant, nearestName } from "./configuration-error.ts";
import type { EnvironmentReader, UrlForm } from "./environment-reader.ts";
import { type AppShape, ROLES, type Role } from "./plan.ts";
import { contextVariables, knownContexts } from "./variables.ts";

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
      `names ${maskedValue(name)}, which is not a context of the app.`,
      `${meant(name, all)}Contexts are: ${all.join(", ")}.`,
    );
  }
  return all.filter((context) => hosted.has(context));
}

/** The roles of this process. A process without contexts has only the role `edge`, unless `HOLON_ROLES` says otherwise. */
export function readRoles(contexts: readonly string[], reader: EnvironmentReader): Role[] {
  const asked = reader.list("HOLON_ROLES");
  if (asked === undefined) return contexts.length > 0 ? [...ROLES] : ["edge"];
  const roles = ROLES.filter((role) => asked.some((name) => (nearestName(name, ROLES) ?? name) === role));
  for (const name of asked) {
    if (ROLES.some((role) => role === name)) continue;
    reader.refuse("HOLON_ROLES", `names ${maskedValue(name)}, which is not a role.`, `${meant(name, ROLES)}Roles are: ${ROLES.join(", ")}.`);
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

const MESH_ADDRESS: UrlForm = { schemes: ["http:", "mesh:"], example: "http://catalog:3001 or mesh://catalog" };
const MESH_PORT = "3001";
const HTTP_PORT = "80";

/** Mesh addresses by context. */
type Addresses = Record<string, readonly string[]>;

/**
 * The addresses of contexts that are not hosted here. Refuses a context that is needed and has no address, and a context that is hosted here and has an
 * address.
 */
export function readAddresses(shape: AppShape, hosted: readonly string[], roles: readonly Role[], reader: EnvironmentReader): Addresses {
  const addresses = new Map<string, readonly string[]>();
  for (const context of knownContexts(shape)) {
    const { address } = contextVariables(context);
    const urls = reader.list(address);
    if (urls !== undefined) addresses.set(context, readUrls(address, urls, reader));
    if (reader.has(address) && hosted.includes(context)) {
      reader.refuse(
        address,
        `gives an address for ${context}, which this process hosts.`,
        `Do not set it, or take ${context} out of HOLON_CONTEXTS.`,
      );
    }
  }
  refuseMissing(shape, hosted, roles, reader);
  return Object.fromEntries(addresses);
}

function readUrls(variable: string, urls: readonly string[], reader: EnvironmentReader): string[] {
  return [...new Set(urls.filter((url) => reader.isUrl(variable, url, MESH_ADDRESS)).map((url) => toAddress(variable, url, reader)))];
}

/** `mesh://catalog`, `mesh://catalog:3001` and `http://catalog:3001/` are the same address; `http://catalog` is at port 80, as usual. */
function toAddress(variable: string, url: string, reader: EnvironmentReader): string {
  const { protocol, hostname, port, username, password, pathname, search, hash } = new URL(url);
  if (hostname === "") reader.refuse(variable, "has an address without a host.", `Write it as in ${MESH_ADDRESS.example}.`);
  else if (port === "0") reader.refuse(variable, "has an address with port 0.", "Name the port that the process listens on.");
  if (username + password !== "")
    reader.refuse(variable, "has a login in an address.", "Take it out: processes prove their identity by HOLON_KEY, or by HOLON_SECRET.");
  else if (hostname !== "" && !/^\/?$/.test(pathname + search + hash)) {
    reader.refuse(variable, "has an address with a path.", "Give host and port only: the mesh needs a port of its own.");
  }
  return `mesh://${hostname}:${port || (protocol === "mesh:" ? MESH_PORT : HTTP_PORT)}`;
}

function refuseMissing(shape: AppShape, hosted: readonly string[], roles: readonly Role[], reader: EnvironmentReader): void {
  for (const context of knownContexts(shape)) {
    const { address } = contextVariables(context);
    if (hosted.includes(context) || reader.has(address)) continue;
    const needs = shape.contexts.filter(({ name, calls }) => hosted.includes(name) && calls.includes(context)).map(({ name }) => `${name} calls it`);
    const isPublic = shape.contexts.some(({ name, hasPublicProcedures }) => name === context && hasPublicProcedures);
    if (isPublic && roles.includes("edge")) needs.unshift("the edge answers for it");
    if (needs.length === 0) continue;
    const host = shape.contexts.some(({ name }) => name === context) ? `Add ${context} to HOLON_CONTEXTS, or set` : "Set";
    reader.refuse(
      address,
      `is missing: ${context} is not hosted here, and ${needs.join(" and ")}.`,
      `${host} ${address} to its mesh address, as in http://${context}:3001.`,
    );
  }
}
