import type { AddressInfo } from "node:net";
import { type AnyTRPCRouter, TRPCError } from "@trpc/server";
import { createHTTPServer } from "@trpc/server/adapters/standalone";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createContextRouter, type RouterContext } from "../../src/holon/pipeline/trpc-router.ts";
import { collect } from "./collect.ts";
import { edgeClient, itemsAtEdge } from "./edge-client.ts";
import { type Failure, outcomeOf } from "./outcome.ts";
import { openWorld, type World } from "./world.ts";

/** A call of beta, by tRPC's own adapter and by `createCaller`, that must have the same result as at the edge. */
interface Row {
  readonly path: string;
  readonly type?: "mutation" | "subscription";
  readonly input?: unknown;
  readonly as?: string;
}

const ROWS: readonly Row[] = [
  { path: "load.double", input: { n: 2 } },
  { path: "load.double", input: { n: "2" } },
  { path: "load.double" },
  { path: "access.user.ask", input: { tag: "router" } },
  { path: "access.user.ask", input: { tag: "router" }, as: "user ada" },
  { path: "access.admin.act", type: "mutation", input: { tag: "router" }, as: "user ada member" },
  { path: "access.admin.act", type: "mutation", input: { tag: "router" }, as: "user ada admin" },
  { path: "access.internal.ask", input: { tag: "router" } },
  { path: "rows.get", input: { owner: "bob" }, as: "user ada" },
  { path: "rows.get", input: { owner: "ada" }, as: "user ada" },
  { path: "errors.later", input: { what: "declaredWithMore" } },
  { path: "errors.later", input: { what: "declaredWithStatus" } },
  { path: "errors.now", input: { what: "notFoundWithDetails" } },
  { path: "errors.now", input: { what: "unavailable" } },
  { path: "errors.now", input: { what: "error" } },
  { path: "errors.badAnswer", input: { async: true } },
  { path: "keys.addSilently", type: "mutation", input: { tag: "router", amount: 1 } },
  { path: "feeds.count", type: "subscription", input: { tag: "router", to: 3 } },
  { path: "feeds.refusing", type: "subscription", input: { tag: "router" } },
  { path: "feeds.members", type: "subscription", input: { tag: "router" } },
];

let world: World;
let router: AnyTRPCRouter;
let server: ReturnType<typeof createHTTPServer>;

beforeAll(async () => {
  world = await openWorld("together");
  const { contexts, clock, plan } = world.app.host("beta");
  const targets = contexts.find(({ name }) => name === "beta")?.targets ?? new Map();
  router = createContextRouter({ targets, clock, limits: plan.limits }, { outside: true });
  server = createHTTPServer({
    router,
    basePath: "/trpc/",
    createContext: ({ req, info }) => contextFor(req.headers.authorization ?? info.connectionParams?.["authorization"]),
  });
  server.listen(0);
});
afterAll(async () => {
  server?.close();
  await world?.close();
});

describe("a context's tRPC router", () => {
  for (const row of ROWS) {
    it(`ends ${row.type ?? "query"} ${row.path} ${JSON.stringify(row.input)} for ${row.as ?? "an anonymous caller"} as the edge does, by tRPC's own adapter`, async () => {
      const { port } = server.address() as AddressInfo;
      expect(await outcomeOf(callOver(`http://127.0.0.1:${port}`, row, ""))).toEqual(shapeOf(await atEdge(row)));
    });

    it(`ends ${row.type ?? "query"} ${row.path} ${JSON.stringify(row.input)} for ${row.as ?? "an anonymous caller"} as the edge does, by createCaller`, async () => {
      expect(codeOf(await callerOutcome(row))).toEqual(codeOf(await atEdge(row)));
    });
  }
});

function contextFor(token: string | undefined): RouterContext {
  const [kind, id = "", ...roles] = token?.split(" ") ?? [];
  return { principal: kind === "user" ? { kind, id, roles } : { kind: "anonymous" } };
}

function atEdge(row: Row): Promise<unknown> {
  return outcomeOf(callOver(world.app.url, row, "beta."));
}

/** A result of the edge in the form of the router: paths begin below the context, and INTERNAL has the pipeline's message. */
function shapeOf(outcome: unknown): unknown {
  const { failure } = (outcome ?? {}) as Partial<Failure>;
  if (failure === undefined) return outcome;
  const { code, path, message } = failure as { readonly code: string; readonly path: string; readonly message: string };
  return {
    failure: { ...failure, path: path.replace("beta.", ""), message: code === "INTERNAL" ? "The call failed." : message.replace('"beta.', '"') },
  };
}

function callOver(url: string, { path, type, input, as }: Row, prefix: string): Promise<unknown> {
  const client = edgeClient(url, as === undefined ? {} : { as });
  if (type === "subscription") return itemsAtEdge(client, prefix + path, input);
  return type === "mutation" ? client.mutation(prefix + path, input) : client.query(prefix + path, input);
}

type Member = ((input: unknown) => unknown) & { readonly [name: string]: Member };

async function callerOutcome({ path, type, input, as }: Row): Promise<unknown> {
  let member = router.createCaller(contextFor(as)) as unknown as Member;
  try {
    for (const name of path.split(".")) member = member[name] as Member;
    const answer = await member(input);
    return type === "subscription" ? await collect(answer as AsyncIterable<unknown>) : answer;
  } catch (error) {
    const cause = error instanceof TRPCError ? (error.cause as { readonly code?: string } | undefined) : undefined;
    return { failure: { code: cause?.code ?? (error as TRPCError).code } };
  }
}

/** `createCaller` throws tRPC's own errors, which have no data. So the code of their cause is compared. */
function codeOf(outcome: unknown): unknown {
  const { failure } = (outcome ?? {}) as Partial<Failure>;
  return failure === undefined ? outcome : { code: failure["code"] };
}
