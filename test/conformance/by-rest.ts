import type { Case } from "./case.ts";
import type { EdgeClient, EdgeOptions } from "./edge-client.ts";
import { generatedClient } from "./generated-client.ts";
import type { Failure } from "./outcome.ts";
import type { World } from "./world.ts";

/** Watches whether what a case does at the edge could be done by REST. */
export class EdgeUsage {
  #calls = 0;
  #isTrpcOnly = false;

  /** The world, with its edge watched. */
  watch(world: World): World {
    return { ...world, edge: (options) => this.#watchClient(world.edge(options)) };
  }

  /** Whether it called the edge, and subscribed to nothing. */
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

/** The same world, whose edge is called by REST: by a client that knows the edge by its document alone. */
export function restWorld(world: World): World {
  // The cases call `query` and `mutation` of a client; what else it has they do not meet in this world.
  return { ...world, edge: (options?: EdgeOptions) => generatedClient(world.app.url, options) as unknown as EdgeClient };
}

/** What a case must show by REST: the same, with problem details in the place of tRPC's errors. */
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

/** What is not there is a procedure by tRPC, and nothing at all by REST. */
const NOTHING_HERE = "Nothing answers here.";

function isNoProcedure(message: unknown): boolean {
  return typeof message === "string" && message.startsWith("No procedure found");
}

function isTrpcFailure(value: object): value is Failure {
  return (value as Partial<Failure>).failure?.["class"] === "TRPCClientError";
}
