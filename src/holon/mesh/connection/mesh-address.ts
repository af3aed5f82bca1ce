import { catalogueError } from "../../kernel/holon-error.ts";

/** The address of a peer. */
export interface MeshAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `mesh://host:port` or `http://host:port`.
 *
 * Errors: BAD_REQUEST for anything else; the message says what to write.
 */
export function parseMeshAddress(url: string): MeshAddress {
  const match = /^(?:mesh|http):\/\/(\[[0-9a-fA-F:.]+\]|[^/:@?#\s]+):(\d{1,5})\/?$/.exec(url);
  const port = Number(match?.[2]);
  if (match === null || port < 1 || port > 65_535) throw catalogueError("BAD_REQUEST", `"${url}" is no mesh address; write mesh://host:port.`);
  return { host: (match[1] as string).replace(/^\[|\]$/g, ""), port };
}
