import { type Case, topic } from "../case.ts";
import { itemsAtEdge } from "../edge-client.ts";
import { edgeFailure, type Failure, failure, outcomeOf } from "../outcome.ts";
import type { World } from "../world.ts";

const PROCEDURES = ["public", "user", "admin", "internal"] as const;
type Access = (typeof PROCEDURES)[number];

const CALLERS = {
  nobody: { at: ({ app }: World) => app.asAnonymous(), token: undefined },
  "a user": { at: ({ app }: World) => app.asUser("ada", "member"), token: "user ada member" },
  "an admin": { at: ({ app }: World) => app.asUser("eve", "member", "admin"), token: "user eve member admin" },
  "a system": { at: ({ app }: World) => app.asSystem("alpha"), token: undefined },
} as const;
type Caller = keyof typeof CALLERS;

/** Which callers may call which procedures from a context. */
const ALLOWED: Readonly<Record<Access, readonly Caller[]>> = {
  public: ["nobody", "a user", "an admin", "a system"],
  user: ["a user", "an admin", "a system"],
  admin: ["an admin", "a system"],
  internal: ["nobody", "a user", "an admin", "a system"],
};

const entered = { outcome: "entered", times: 1 };
const refused = (outcome: Failure): unknown => ({ outcome, times: 0 });
const unauthorized = failure("UNAUTHORIZED", { message: "Sign in to call this procedure." });
const forbidden = failure("FORBIDDEN", { message: 'This needs the role "admin".' });

function expectedOf(access: Access, caller: Caller): unknown {
  if (ALLOWED[access].includes(caller)) return entered;
  return refused(caller === "nobody" ? unauthorized : forbidden);
}

async function counted(world: World, call: (input: { readonly tag: string }) => Promise<unknown>): Promise<unknown> {
  const tag = world.tag();
  const outcome = await outcomeOf(call({ tag }));
  return { outcome, times: world.probe.notes(tag).length };
}

async function first(items: AsyncIterable<unknown>): Promise<unknown> {
  for await (const item of items) return item;
  return "nothing";
}

const WAYS = {
  query: (world: World, access: Access, caller: Caller) => counted(world, (input) => CALLERS[caller].at(world).call.beta.access[access].ask(input)),
  mutation: (world: World, access: Access, caller: Caller) =>
    counted(world, (input) => CALLERS[caller].at(world).call.beta.access[access].act(input)),
  subscription: (world: World, access: Access, caller: Caller) =>
    counted(world, (input) => first(CALLERS[caller].at(world).call.beta.access[access].follow(input))),
};

const calls: readonly Case[] = PROCEDURES.flatMap((access) =>
  (Object.keys(CALLERS) as Caller[]).map((caller) => ({
    name: `${access} procedures for ${caller}`,
    run: async (world) => ({
      query: await WAYS.query(world, access, caller),
      mutation: await WAYS.mutation(world, access, caller),
      subscription: await WAYS.subscription(world, access, caller),
    }),
    expected: { query: expectedOf(access, caller), mutation: expectedOf(access, caller), subscription: expectedOf(access, caller) },
  })),
);

const AT_EDGE = {
  ask: (world: World, access: Access, as: string | undefined) =>
    counted(world, (input) => world.edge(optionsFor(as)).query(`beta.access.${access}.ask`, input)),
  act: (world: World, access: Access, as: string | undefined) =>
    counted(world, (input) => world.edge({ link: "httpBatchLink", ...optionsFor(as) }).mutation(`beta.access.${access}.act`, input)),
  follow: (world: World, access: Access, as: string | undefined) =>
    counted(world, (input) => itemsAtEdge(world.edge(optionsFor(as)), `beta.access.${access}.follow`, input).then(([item]) => item)),
};

function optionsFor(as: string | undefined): { readonly as?: string } {
  return as === undefined ? {} : { as };
}

function expectedAtEdge(access: Access, caller: Caller, name: keyof typeof AT_EDGE): unknown {
  const path = `beta.access.${access}.${name}`;
  if (access === "internal") {
    return refused(
      edgeFailure("NOT_FOUND", { number: -32004, httpStatus: 404, path, message: `No procedure found on path "${path}"`, details: undefined }),
    );
  }
  if (ALLOWED[access].includes(caller)) return entered;
  const [code, number, httpStatus] = caller === "nobody" ? (["UNAUTHORIZED", -32001, 401] as const) : (["FORBIDDEN", -32003, 403] as const);
  return refused(edgeFailure(code, { number, httpStatus, path, details: undefined }));
}

const edge: readonly Case[] = PROCEDURES.flatMap((access) =>
  (["nobody", "a user", "an admin"] as const).map((caller) => {
    const { token } = CALLERS[caller];
    // An internal subscription has no route, so its answer is not a stream, and EventSource does not read it.
    const names = access === "internal" ? (["ask", "act"] as const) : (["ask", "act", "follow"] as const);
    return {
      name: `${access} procedures for ${caller} at the edge`,
      run: async (world) => Promise.all(names.map((name) => AT_EDGE[name](world, access, token))),
      expected: names.map((name) => expectedAtEdge(access, caller, name)),
    };
  }),
);

const identity: readonly Case[] = [
  {
    name: "a token that authenticate refuses is 401 before anything runs",
    run: (world) => AT_EDGE.ask(world, "public", "expired"),
    expected: refused(
      edgeFailure("UNAUTHORIZED", {
        number: -32001,
        httpStatus: 401,
        path: "beta.access.public.ask",
        message: "The token has expired.",
        details: undefined,
      }),
    ),
  },
  {
    name: "a token that authenticate cannot read is 401, and says no more",
    run: (world) => AT_EDGE.ask(world, "public", "garbage"),
    expected: refused(
      edgeFailure("UNAUTHORIZED", {
        number: -32001,
        httpStatus: 401,
        path: "beta.access.public.ask",
        message: "The credentials of the request are not valid.",
        details: undefined,
      }),
    ),
  },
  {
    name: "a system cannot come from outside",
    run: (world) => AT_EDGE.ask(world, "admin", "system beta"),
    expected: refused(edgeFailure("INTERNAL", { number: -32603, httpStatus: 500, path: "beta.access.admin.ask", details: { errorId: "<id>" } })),
  },
  {
    name: "a user's call of a context may call an internal procedure",
    run: (world) => counted(world, (input) => world.edge().query("alpha.relay.internal", input)),
    expected: entered,
  },
  {
    name: "a caller cannot lend a user what the user has not",
    run: (world) => counted(world, (input) => world.app.asAnonymous().call.alpha.relay.members(input)),
    expected: refused(unauthorized),
  },
  {
    name: "a user stays the user at the callee",
    run: (world) => counted(world, (input) => world.app.asUser("ada").call.alpha.relay.members(input)),
    expected: entered,
  },
  {
    name: "a caller can call as its own system",
    run: (world) => counted(world, (input) => world.app.asAnonymous().call.alpha.relay.membersAsSystem(input)),
    expected: entered,
  },
];

const row =
  (owner: string, who: Caller, way: (world: World, owner: string, who: Caller) => Promise<unknown>): Case["run"] =>
  (world) =>
    way(world, owner, who);
const getRow = (world: World, owner: string, who: Caller): Promise<unknown> => CALLERS[who].at(world).call.beta.rows.get({ owner });
const readRow = (world: World, owner: string, who: Caller): Promise<unknown> => CALLERS[who].at(world).call.beta.rows.read({ owner });
const watchRow = (world: World, owner: string, who: Caller): Promise<unknown> => first(CALLERS[who].at(world).call.beta.rows.watch({ owner }));
const touchRow = async (world: World, owner: string, who: Caller): Promise<unknown> => {
  const tag = world.tag();
  return { outcome: await outcomeOf(CALLERS[who].at(world).call.beta.rows.touch({ tag, owner })), times: world.probe.notes(tag).length };
};
const notThere = failure("NOT_FOUND", { message: "It does not exist, or you may not see it." });

const rules: readonly Case[] = [
  { name: "lets an owner have the row", run: row("ada", "a user", getRow), expected: "the row of ada" },
  { name: "hides a row from another user", run: row("bob", "a user", getRow), expected: notThere },
  { name: "hides a row from nobody", run: row("ada", "nobody", getRow), expected: notThere },
  { name: "lets an admin have every row", run: row("bob", "an admin", getRow), expected: "the row of bob" },
  { name: "is not asked for a system", run: row("bob", "a system", getRow), expected: "the row of bob" },
  { name: "on the answer lets an owner have it", run: row("ada", "a user", readRow), expected: { owner: "ada" } },
  { name: "on the answer hides it from another user", run: row("bob", "a user", readRow), expected: notThere },
  { name: "on the answer is not asked for a system", run: row("bob", "a system", readRow), expected: { owner: "bob" } },
  { name: "keeps a mutation from being entered", run: row("bob", "a user", touchRow), expected: { outcome: notThere, times: 0 } },
  { name: "lets an owner's mutation in", run: row("ada", "a user", touchRow), expected: { outcome: "touched", times: 1 } },
  { name: "keeps a subscription from being opened", run: row("bob", "a user", watchRow), expected: notThere },
  { name: "lets an owner's subscription in", run: row("ada", "a user", watchRow), expected: "the row of ada" },
  {
    name: "that fails is INTERNAL",
    run: ({ app }) => app.asAnonymous().call.beta.rows.broken(),
    expected: failure("INTERNAL", { message: "The call failed.", details: { errorId: "<id>" } }),
  },
  {
    name: "is asked at the edge",
    run: ({ edge: open }) => open({ as: "user ada" }).query("beta.rows.get", { owner: "bob" }),
    expected: edgeFailure("NOT_FOUND", {
      number: -32004,
      httpStatus: 404,
      path: "beta.rows.get",
      message: "It does not exist, or you may not see it.",
      details: undefined,
    }),
  },
  {
    name: "is asked of the user behind a calling context",
    run: ({ app }) => app.asUser("ada").call.alpha.relay.ownRow({ owner: "bob" }),
    expected: notThere,
  },
  {
    name: "is not asked of a calling context that calls as itself",
    run: ({ app }) => app.asUser("ada").call.alpha.relay.ownRowAsSystem({ owner: "bob" }),
    expected: "the row of bob",
  },
];

/** Cases about access. */
export const ACCESS = [
  topic("access between contexts", calls),
  topic("access at the edge", edge),
  topic("identity", identity),
  topic("a rule", rules),
];
