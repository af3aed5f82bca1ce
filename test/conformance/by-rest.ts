import type { Case } from "./case.ts";
import type { EdgeClient, EdgeOptions } from "./edge-client.ts";
import { generatedClient } from "./generated-client.ts";
import type { Failure } from "./outcome.ts";
import type { World } from "./world.ts";

/** Records whether the calls of a case at the edge are possible by REST too. */
export class EdgeUsage {
  #calls = 0;
  #isTrpcOnly = false;

  /** Returns the same world with an edge whose calls are recorded. */
  watch(world: World): World {
    return { ...world, edge: (options) => this.#watchClient(world.edge(options)) };
  }

  /** Whether the case called the edge, and did not subscribe. */
  get isRestToo(): boolean {
    return this.#calls > 0 && !this.#isTrpcOnly;
  }

  #watchClient(client: EdgeClient): EdgeClient {
    return new Proxy(client, {
      get: (target, name) => {
        this.#calls++;
        this.#isTrpcOnly ||= name === "subscription";
        const member: unknown = Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
  }
}

/** Returns the same world with an edge that is called by REST. The client knows the edge only from its OpenAPI document. */
export function restWorld(world: World): World {
  // The cases call `query` and `mutation` of a client; they do not use the rest of it in this world.
  return { ...world, edge: (options?: EdgeOptions) => generatedClient(world.app.url, options) as unknown as EdgeClient };
}

/** The result that a case must have by REST: the same, but with problem details instead of tRPC's errors. */
export function expectedByRest({ expected }: Case): unknown {
  return translate(expected);
}

function translate(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(translate);
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  if (isTrpcFailure(value)) {
    const { code, httpStatus, message, details } = value.failure;
    return { failure: { class: "RestProblem", code, httpStatus, message: isNoProcedure(message) ? NOTHING_HERE : message, details } };
  }
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, translate(member)]));
}

/** A missing procedure is an error of tRPC; by REST, the path does not exist at all. */
const NOTHING_HERE = "There is no route for this method and path.";

function isNoProcedure(message: unknown): boolean {
  return typeof message === "string" && message.startsWith("No procedure found");
}

function isTrpcFailure(value: object): value is Failure {
  return (value as Partial<Failure>).failure?.["class"] === "TRPCClientError";
}
