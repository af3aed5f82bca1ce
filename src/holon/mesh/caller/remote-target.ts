import { compareProcedures, type ProcedureDescription } from "../../contract/fingerprint.ts";
import { type AnyProcedure, accessRefusal, createParser, ParseFailure, type Parser, type Target } from "../../contract/index.ts";
import { catalogueError, HolonError } from "../../kernel/holon-error.ts";
import type { Scope } from "../../kernel/scope.ts";
import type { CalleeHello, OfferedProcedure } from "../protocol/hello.ts";
import { RemoteStream } from "./caller-stream.ts";
import type { PeerConnection } from "./peer-connection.ts";

/** The peer as its targets use it. */
export interface RemotePeer {
  /** The connection that takes calls; undefined if there is none now. */
  readonly connection: PeerConnection | undefined;
  /** Waits a short while for a connection. */
  connected(scope: Scope, isStream?: boolean): Promise<PeerConnection>;
  /** The procedure's number at the callee of the present connection, or why it cannot be called. */
  route(path: string): Route;
  /** Makes an idempotency key. */
  newKey(): string;
}

/**
 * A procedure in another process. Before anything is sent, it checks access and input, with the same errors as a local call.
 *
 * The input is sent as it was given. The callee parses it too, and a transform must not run twice.
 */
export class RemoteTarget implements Target {
  readonly path: string;
  readonly procedure: AnyProcedure;
  readonly #peer: RemotePeer;
  readonly #parse: Parser;
  readonly #needsKey: boolean;
  #boundTo: PeerConnection | undefined = undefined;
  #number = 0;

  constructor(path: string, procedure: AnyProcedure, peer: RemotePeer) {
    this.path = path;
    this.procedure = procedure;
    this.#peer = peer;
    this.#parse = createParser(procedure.input);
    this.#needsKey = procedure.type === "mutation" && procedure.idempotent;
  }

  invoke(scope: Scope, input: unknown): Promise<unknown> {
    const text = this.#prepare(scope, input);
    if (text instanceof HolonError) return Promise.reject(text);
    const key = scope.key ?? (this.#needsKey ? this.#peer.newKey() : undefined);
    const connection = this.#peer.connection;
    return connection === undefined ? this.#callLater(scope, key, text) : this.#call(connection, scope, key, text);
  }

  subscribe(scope: Scope, input: unknown): AsyncIterable<unknown> {
    return new RemoteStream(async () => {
      const text = this.#prepare(scope, input);
      if (text instanceof HolonError) throw text;
      const connection = this.#peer.connection ?? (await this.#peer.connected(scope, true));
      const number = scope.cancelled ?? this.#bind(connection);
      if (number instanceof HolonError) throw number;
      const stream = connection.open(this.path, number, scope, text);
      if (stream instanceof HolonError) throw stream;
      return stream;
    });
  }

  /** The input as JSON, or an empty text if there is no input; the error if the call is refused. */
  #prepare(scope: Scope, input: unknown): string | HolonError {
    const refusal = scope.cancelled ?? accessRefusal(this.procedure.access, scope.principal);
    if (refusal !== undefined) return refusal;
    let parsed: unknown;
    try {
      parsed = this.#parse(input);
    } catch (cause) {
      // A getter of the input or a check of the schema threw. The handler's process would answer with the same error. Nothing was sent.
      return catalogueError("INTERNAL", "The call failed.", { cause, executed: "no" });
    }
    if (parsed instanceof ParseFailure) return parsed.toBadRequest();
    try {
      return (JSON.stringify(input) as string | undefined) ?? "";
    } catch {
      // The schema accepts this value, which JSON cannot carry, and has made a value of it that JSON can carry.
      return (JSON.stringify(parsed) as string | undefined) ?? "";
    }
  }

  #call(connection: PeerConnection, scope: Scope, key: string | undefined, text: string): Promise<unknown> {
    const number = this.#bind(connection);
    return number instanceof HolonError ? Promise.reject(number) : connection.call(this.path, number, scope, key, text);
  }

  async #callLater(scope: Scope, key: string | undefined, text: string): Promise<unknown> {
    const connection = await this.#peer.connected(scope);
    const cancelled = scope.cancelled;
    if (cancelled !== undefined) throw cancelled;
    return this.#call(connection, scope, key, text);
  }

  /** The procedure's number at the callee, looked up once for each connection. */
  #bind(connection: PeerConnection): Route {
    if (connection === this.#boundTo) return this.#number;
    const route = this.#peer.route(this.path);
    // Each caller gets an error of its own, because each caller may add details to it.
    if (route instanceof HolonError) return catalogueError(route.code as "UNAVAILABLE", route.message, { executed: "no" });
    this.#boundTo = connection;
    this.#number = route;
    return route;
  }
}

/** The number of a procedure at the callee, or the error if it cannot be called there. */
export type Route = number | HolonError;

/** A procedure as the caller knows it. */
export interface ExpectedProcedure {
  readonly contextName: string;
  readonly description: ProcedureDescription;
}

/** Routes by path. A procedure that does not match gets an error; the other procedures work. */
export function toRoutes(expected: ReadonlyMap<string, ExpectedProcedure>, hello: CalleeHello): ReadonlyMap<string, Route> {
  const offered = new Map(hello.procedures.map((line, number) => [line.path, { line, number }]));
  const routes = new Map<string, Route>();
  for (const [path, { contextName, description }] of expected) {
    const offer = offered.get(path);
    if (offer === undefined) {
      routes.set(
        path,
        hello.contexts.includes(contextName)
          ? mismatch(`${hello.process} does not offer ${path}, version ${description.hash}`)
          : notHosted(contextName, hello),
      );
      continue;
    }
    const { line, number } = offer;
    const problem = misfitOf(description, line);
    routes.set(
      path,
      problem === undefined
        ? number
        : mismatch(`${path} is version ${description.hash} here and version ${line.hash} in ${hello.process}: ${problem}`),
    );
  }
  return routes;
}

function misfitOf(caller: ProcedureDescription, { hash, description }: OfferedProcedure): string | undefined {
  if (hash === caller.hash) return undefined;
  try {
    const comparison = compareProcedures(caller, description as ProcedureDescription);
    return comparison.compatible ? undefined : comparison.reason;
  } catch {
    // Another version of the toolkit wrote the description.
    return "the callee's description cannot be read";
  }
}

function mismatch(text: string): HolonError {
  return catalogueError("CONTRACT_MISMATCH", `${text}.`);
}

function notHosted(contextName: string, hello: CalleeHello): HolonError {
  return catalogueError("UNAVAILABLE", `${hello.process} does not host the context ${contextName}.`, { executed: "no" });
}
