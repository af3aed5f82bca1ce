import type { HolonError } from "holon";
import { dataOf, sharedCount, spoil } from "../app/data.ts";
import { type Case, topic } from "../case.ts";
import { failure, INTERNAL, outcomeOf } from "../outcome.ts";
import { SCHEMAS } from "../values/schemas.ts";

const errorOf = (call: Promise<unknown>): Promise<HolonError> => call.then(Promise.reject, (error: HolonError) => error);

const cases: readonly Case[] = [
  {
    name: "input that is changed after the call stays as it was at the callee",
    run: async ({ app, probe, tag }) => {
      const name = tag();
      const data = dataOf("mine");
      await app.asAnonymous().call.beta.sharing.keep({ tag: name, data });
      spoil(data);
      return probe.kept(`${name} input`);
    },
    expected: dataOf("mine"),
  },
  {
    name: "input that is changed while the call is on its way stays as it was at the callee",
    run: async ({ app, probe, tag }) => {
      const name = tag();
      const data = dataOf("mine");
      const call = app.asAnonymous().call.beta.sharing.keep({ tag: name, data });
      spoil(data);
      await call;
      return probe.kept(`${name} input`);
    },
    expected: dataOf("mine"),
  },
  {
    name: "input that the callee changes stays as it was at the caller",
    run: async ({ app, probe, tag }) => {
      const name = tag();
      const data = dataOf("mine");
      await app.asAnonymous().call.beta.sharing.keep({ tag: name, data });
      spoil(probe.kept(`${name} input`));
      return data;
    },
    expected: dataOf("mine"),
  },
  {
    name: "an answer that the callee changes afterwards stays as it was at the caller",
    run: async ({ app, probe, tag }) => {
      const name = tag();
      const answer = await app.asAnonymous().call.beta.sharing.keep({ tag: name, data: dataOf("mine") });
      spoil(probe.kept(`${name} output`));
      return answer;
    },
    expected: dataOf("mine"),
  },
  {
    name: "an answer that the caller changes stays as it was at the callee",
    run: async ({ app, probe, tag }) => {
      const name = tag();
      spoil(await app.asAnonymous().call.beta.sharing.keep({ tag: name, data: dataOf("mine") }));
      return probe.kept(`${name} output`);
    },
    expected: dataOf("mine"),
  },
  {
    name: "an object that the callee answers always is a new one to each caller",
    run: async ({ app }) => {
      const [first, second] = await Promise.all([0, 1].map(() => app.asAnonymous().call.beta.sharing.constant()));
      spoil(first);
      return { second, third: await app.asAnonymous().call.beta.sharing.constant(), shared: sharedCount(first, second) };
    },
    expected: { second: dataOf("constant"), third: dataOf("constant"), shared: 0 },
  },
  {
    name: "a handler that changes what it sent and what it got changes nothing at its callee",
    run: ({ app }) => app.asAnonymous().call.alpha.sharing.mutateAfter({ tag: "mine" }),
    expected: { answer: dataOf("mine"), kept: dataOf("mine") },
  },
  {
    name: "details of a declared error that the callee changes stay as they were at the caller",
    run: async ({ app, probe, tag }) => {
      const name = tag();
      const { details } = await errorOf(app.asAnonymous().call.beta.sharing.refuse({ tag: name }));
      spoil(probe.kept(`${name} details`));
      return { ...(details as object), text: "" };
    },
    expected: { ...dataOf(""), text: "" },
  },
  {
    name: "details of a declared error that the caller changes stay as they were at the callee",
    run: async ({ app, probe, tag }) => {
      const name = tag();
      const { details } = await errorOf(app.asAnonymous().call.beta.sharing.refuse({ tag: name }));
      spoil(details);
      return { ...(probe.kept(`${name} details`) as object), text: "" };
    },
    expected: { ...dataOf(""), text: "" },
  },
  {
    name: "details of a common refusal are copied",
    run: async ({ app, probe, tag }) => {
      const name = tag();
      const { details } = await errorOf(app.asAnonymous().call.beta.sharing.refuseCommonly({ tag: name }));
      return sharedCount(details, probe.kept(`${name} details`));
    },
    expected: 0,
  },
  {
    name: "an error that the callee throws always is a new one to each caller",
    run: async ({ app }) => {
      const [first, second] = (await Promise.all([0, 1].map(() => errorOf(app.asAnonymous().call.beta.errors.same())))) as [HolonError, HolonError];
      spoil(first.details);
      return { same: first === second, details: second.details };
    },
    expected: { same: false, details: dataOf("kept") },
  },
  {
    name: "items of a stream are copies",
    run: async ({ app, probe, tag }) => {
      const name = tag();
      const items: unknown[] = [];
      for await (const item of app.asAnonymous().call.beta.sharing.items({ tag: name })) items.push(item);
      return {
        first: { ...(items[0] as object), text: "" },
        shared: sharedCount(items, probe.kept(`${name} item`)) + sharedCount(items[0], items[1]),
      };
    },
    expected: { first: { ...dataOf(""), text: "" }, shared: 0 },
  },
  {
    name: "a default is a new one in each call",
    run: async ({ app }) => {
      const { call } = app.asAnonymous();
      return [await call.beta.sharing.defaults({}), await call.beta.sharing.defaults({})];
    },
    expected: [[1], [1]],
  },
  {
    name: "a callee cannot give its user a role",
    run: async ({ app, edge }) => {
      const ada = app.asUser("ada", "member");
      return [
        await outcomeOf(ada.call.beta.sharing.promote()),
        await outcomeOf(ada.call.beta.access.admin.ask({ tag: "none" })),
        await outcomeOf(edge({ as: "user ada member" }).query("alpha.chain.generous")),
      ];
    },
    expected: [INTERNAL, failure("FORBIDDEN", { message: 'This needs the role "admin".' }), true],
  },
];

/** No object of an input is the same object at the callee or in the answer, whatever its type. */
const containers: readonly Case[] = [
  "object",
  "catchall",
  "optionals",
  "defaults",
  "list",
  "longList",
  "tuple",
  "record",
  "union",
  "discriminated",
  "intersection",
  "nested",
  "recursive",
  "anyJson",
  "caught",
].map((name) => ({
  name: `nothing of a value of the type ${name} is shared`,
  run: async ({ app }) => {
    const { samples } = SCHEMAS[name] as (typeof SCHEMAS)[string];
    const give = app.asAnonymous().call.values.give as Readonly<Record<string, (index: number) => Promise<unknown>>>;
    const good = samples.flatMap(({ issues, value }, index) => (issues === undefined ? [{ value, index }] : []));
    const shared = await Promise.all(
      good.map(async ({ value, index }) => sharedCount(value, await (give[name] as (index: number) => Promise<unknown>).call(give, index))),
    );
    return { looked: good.length > 0, shared: shared.reduce((sum, count) => sum + count, 0) };
  },
  expected: { looked: true, shared: 0 },
}));

/** Cases that prove that caller and callee share no objects except the declared ones. */
export const SHARING = [topic("what was handed over", cases), topic("containers", containers)];
