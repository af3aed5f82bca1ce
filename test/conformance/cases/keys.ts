import { type Case, topic } from "../case.ts";
import { edgeFailure, failure, INTERNAL, outcomeOf } from "../outcome.ts";
import type { World } from "../world.ts";

const nobody = ({ app }: World) => app.asAnonymous().call.beta.keys;
const user = ({ app }: World, id: string) => app.asUser(id).call.beta.keys;

/** The amounts of the rows that the calls of a tag left. */
const amounts = async (world: World, tag: string): Promise<number[]> => (await nobody(world).rows({ tag })).map(({ amount }) => amount);
const booked = ({ app }: World, tag: string): Promise<number[]> => app.asSystem("beta").call.gamma.ledger.booked({ tag });
const isOne = (...rows: readonly unknown[]): boolean => new Set(rows.map((row) => (row as { readonly id?: string }).id)).size === 1;

const reused = failure("KEY_REUSED");
const NOT_UNICODE = failure("BAD_REQUEST", {
  details: { issues: [{ path: "", code: "forbidden_character", message: "half of a surrogate pair, which no UTF-8 text can hold" }] },
});

/** Cases that are the same for both forms of an idempotent mutation. */
const bothForms = (["add", "charge"] as const).flatMap((form): readonly Case[] => [
  {
    name: `${form}: the same key has one effect and one answer`,
    run: async (world) => {
      const tag = world.tag();
      const answers = [
        await nobody(world)[form]({ tag, amount: 5 }, { key: tag }),
        await nobody(world)[form]({ tag, amount: 5 }, { key: tag }),
        await nobody(world)[form]({ tag, amount: 5 }, { key: tag }),
      ];
      return { one: isOne(...answers), amounts: await amounts(world, tag) };
    },
    expected: { one: true, amounts: [5] },
  },
  {
    name: `${form}: ten at once with one key have one effect and one answer`,
    run: async (world) => {
      const tag = world.tag();
      const answers = await Promise.all(Array.from({ length: 10 }, () => nobody(world)[form]({ tag, amount: 5 }, { key: tag })));
      return { one: isOne(...answers), amounts: await amounts(world, tag) };
    },
    expected: { one: true, amounts: [5] },
  },
  {
    name: `${form}: another input with the same key is refused and has no effect`,
    run: async (world) => {
      const tag = world.tag();
      await nobody(world)[form]({ tag, amount: 5 }, { key: tag });
      return { outcome: await outcomeOf(nobody(world)[form]({ tag, amount: 6 }, { key: tag })), amounts: await amounts(world, tag) };
    },
    expected: { outcome: reused, amounts: [5] },
  },
  {
    name: `${form}: the order of members does not make another input`,
    run: async (world) => {
      const tag = world.tag();
      const answers = [
        await nobody(world)[form]({ tag, amount: 5 }, { key: tag }),
        await nobody(world)[form](JSON.parse(`{"amount":5,"tag":"${tag}"}`) as { tag: string; amount: number }, { key: tag }),
      ];
      return { one: isOne(...answers), amounts: await amounts(world, tag) };
    },
    expected: { one: true, amounts: [5] },
  },
  {
    name: `${form}: two calls without a key have two effects`,
    run: async (world) => {
      const tag = world.tag();
      const answers = [await nobody(world)[form]({ tag, amount: 5 }), await nobody(world)[form]({ tag, amount: 5 })];
      return { one: isOne(...answers), amounts: await amounts(world, tag) };
    },
    expected: { one: false, amounts: [5, 5] },
  },
  {
    name: `${form}: a failure has no effect and gives the key back`,
    run: async (world) => {
      const tag = world.tag();
      world.probe.failing.add(tag);
      const failed = await outcomeOf(nobody(world)[form]({ tag, amount: 5 }, { key: tag }));
      const before = await amounts(world, tag);
      world.probe.failing.delete(tag);
      await nobody(world)[form]({ tag, amount: 5 }, { key: tag });
      await nobody(world)[form]({ tag, amount: 5 }, { key: tag });
      return { failed, before, after: await amounts(world, tag) };
    },
    // The charge has made its booking in another context before it is declined.
    expected: {
      failed: form === "add" ? failure("REFUSED", { details: null }) : failure("DECLINED", { details: null, executed: "maybe" }),
      before: [],
      after: [5],
    },
  },
  {
    name: `${form}: the same key of two users is two keys`,
    run: async (world) => {
      const tag = world.tag();
      const answers = [
        await user(world, "ada")[form]({ tag, amount: 5 }, { key: tag }),
        await user(world, "bob")[form]({ tag, amount: 5 }, { key: tag }),
        await user(world, "ada")[form]({ tag, amount: 5 }, { key: tag }),
      ];
      return { adaOnce: isOne(answers[0], answers[2]), one: isOne(...answers), amounts: await amounts(world, tag) };
    },
    expected: { adaOnce: true, one: false, amounts: [5, 5] },
  },
  {
    name: `${form}: roles of a user do not make another key`,
    run: async (world) => {
      const tag = world.tag();
      const answers = [
        await world.app.asUser("ada").call.beta.keys[form]({ tag, amount: 5 }, { key: tag }),
        await world.app.asUser("ada", "admin").call.beta.keys[form]({ tag, amount: 5 }, { key: tag }),
      ];
      return { one: isOne(...answers), amounts: await amounts(world, tag) };
    },
    expected: { one: true, amounts: [5] },
  },
  {
    name: `${form}: odd keys are keys`,
    run: async (world) => {
      const tag = world.tag();
      for (const key of ["ä😀", "a b", "a\nb", "%41", "A", "'; --"]) {
        await nobody(world)[form]({ tag, amount: 1 }, { key: tag + key });
        await nobody(world)[form]({ tag, amount: 1 }, { key: tag + key });
      }
      return (await amounts(world, tag)).length;
    },
    expected: 6,
  },
  {
    name: `${form}: a key of lone surrogates, which Postgres would keep as another's, is refused and has no effect`,
    run: async (world) => {
      const tag = world.tag();
      const call = (key: string) => outcomeOf(nobody(world)[form]({ tag, amount: 5 }, { key }));
      return { outcomes: [await call(`${tag}\ud800`), await call(`${tag}\ud801`)], amounts: await amounts(world, tag) };
    },
    expected: { outcomes: [NOT_UNICODE, NOT_UNICODE], amounts: [] },
  },
  {
    name: `${form}: at the edge the same key has one effect and one answer`,
    run: async (world) => {
      const tag = world.tag();
      const client = world.edge({ headers: { "idempotency-key": tag } });
      const answers = [
        await client.mutation(`beta.keys.${form}`, { tag, amount: 5 }),
        await client.mutation(`beta.keys.${form}`, { tag, amount: 5 }),
      ];
      return { one: isOne(...answers), amounts: await amounts(world, tag) };
    },
    expected: { one: true, amounts: [5] },
  },
  {
    name: `${form}: at the edge another input with the same key is 422`,
    run: async (world) => {
      const tag = world.tag();
      const client = world.edge({ headers: { "idempotency-key": tag } });
      await client.mutation(`beta.keys.${form}`, { tag, amount: 5 });
      return { outcome: await outcomeOf(client.mutation(`beta.keys.${form}`, { tag, amount: 6 })), amounts: await amounts(world, tag) };
    },
    expected: {
      outcome: edgeFailure("KEY_REUSED", { number: -32022, httpStatus: 422, path: `beta.keys.${form}`, details: undefined }),
      amounts: [5],
    },
  },
]);

const special: readonly Case[] = [
  {
    name: "a key is of one procedure",
    run: async (world) => {
      const tag = world.tag();
      const answers = [await nobody(world).add({ tag, amount: 5 }, { key: tag }), await nobody(world).addMore({ tag, amount: 5 }, { key: tag })];
      return { one: isOne(...answers), amounts: await amounts(world, tag) };
    },
    expected: { one: false, amounts: [5, 5] },
  },
  {
    name: "a mutation that answers nothing has one effect a key",
    run: async (world) => {
      const tag = world.tag();
      const answers = [
        await nobody(world).addSilently({ tag, amount: 5 }, { key: tag }),
        await nobody(world).addSilently({ tag, amount: 5 }, { key: tag }),
      ];
      return { answers, amounts: await amounts(world, tag) };
    },
    expected: { answers: [undefined, undefined], amounts: [5] },
  },
  {
    name: "a mutation that answers nothing answers nothing without a key",
    run: async (world) => {
      const tag = world.tag();
      return { answer: await nobody(world).addSilently({ tag, amount: 5 }), amounts: await amounts(world, tag) };
    },
    expected: { answer: undefined, amounts: [5] },
  },
  ...(["addForNull", "chargeForNull"] as const).map(
    (form): Case => ({
      name: `${form}: null is an answer, with a key and without`,
      run: async (world) => {
        const tag = world.tag();
        const answers = [
          await nobody(world)[form]({ tag, amount: 5 }, { key: tag }),
          await nobody(world)[form]({ tag, amount: 5 }, { key: tag }),
          await nobody(world)[form]({ tag, amount: 5 }),
        ];
        return { answers, amounts: await amounts(world, tag) };
      },
      expected: { answers: [null, null, null], amounts: [5, 5] },
    }),
  ),
  {
    name: "an answer with half of a surrogate pair is kept as it is",
    run: async (world) => {
      const tag = world.tag();
      world.probe.failing.add(tag);
      const client = world.edge({ headers: { "idempotency-key": `${tag} edge` } });
      const answers = [
        await nobody(world).addForNull({ tag, amount: 5 }, { key: tag }),
        await nobody(world).addForNull({ tag, amount: 5 }, { key: tag }),
        await client.mutation("beta.keys.addForNull", { tag, amount: 5 }),
        await client.mutation("beta.keys.addForNull", { tag, amount: 5 }),
      ];
      return { answers, amounts: await amounts(world, tag) };
    },
    expected: { answers: Array(4).fill("a\ud83d"), amounts: [5, 5] },
  },
  {
    name: "an answer that does not fit the contract is not kept, nor its effect",
    run: async (world) => {
      const tag = world.tag();
      world.probe.failing.add(tag);
      const wrong = await outcomeOf(nobody(world).addWrongly({ tag, amount: 5 }, { key: tag }));
      const before = await amounts(world, tag);
      world.probe.failing.delete(tag);
      await nobody(world).addWrongly({ tag, amount: 5 }, { key: tag });
      return { wrong, before, after: await amounts(world, tag) };
    },
    expected: { wrong: INTERNAL, before: [], after: [5] },
  },
  {
    name: "a handler hands its key on",
    run: async (world) => {
      const tag = world.tag();
      await nobody(world).charge({ tag, amount: 5 }, { key: tag });
      await nobody(world).charge({ tag, amount: 5 }, { key: tag });
      return booked(world, tag);
    },
    expected: [5],
  },
  {
    name: "an effect outside that is declined and tried again is booked once",
    run: async (world) => {
      const tag = world.tag();
      world.probe.failing.add(tag);
      const declined = await outcomeOf(nobody(world).charge({ tag, amount: 5 }, { key: tag }));
      world.probe.failing.delete(tag);
      await nobody(world).charge({ tag, amount: 5 }, { key: tag });
      const attempts = world.probe.notes(`${tag} attempts`) as readonly number[];
      return {
        declined,
        booked: await booked(world, tag),
        grows: attempts.length > 1 && attempts.every((attempt, index) => attempt > (attempts[index - 1] ?? 0)),
      };
    },
    expected: { declined: failure("DECLINED", { details: null, executed: "maybe" }), booked: [5], grows: true },
  },
  {
    name: "an effect outside without a transaction is INTERNAL under a key",
    run: (world) => {
      const tag = world.tag();
      return nobody(world).chargeWithoutTransaction({ tag }, { key: tag });
    },
    expected: INTERNAL,
  },
  {
    name: "an effect outside with two transactions keeps the first, which is the answer from then on",
    run: async (world) => {
      const tag = world.tag();
      // If the toolkit delivers this call once, the call fails. A second delivery would get the answer that the first transaction wrote.
      await outcomeOf(nobody(world).chargeTwice({ tag }, { key: tag }));
      const again = await nobody(world).chargeTwice({ tag }, { key: tag });
      return { again: again.length, amounts: await amounts(world, tag) };
    },
    expected: { again: 36, amounts: [1] },
  },
  {
    name: "a handler calls with keys",
    run: async (world) => {
      const tag = world.tag();
      return { seen: await world.app.asAnonymous().call.alpha.relay.keyed({ tag, key: tag }), amounts: await amounts(world, tag) };
    },
    expected: { seen: ["same", "another"], amounts: [1, 1] },
  },
  ...(["addSlowly", "chargeSlowly"] as const).flatMap((form): readonly Case[] => [
    {
      name: `${form}: at the edge a key in flight is 409, and the first one gets its answer`,
      run: async (world) => {
        const { probe } = world;
        const tag = world.tag();
        const client = world.edge({ headers: { "idempotency-key": tag } });
        const first = outcomeOf(client.mutation(`beta.keys.${form}`, { tag, amount: 5 }));
        await probe.pass(`${tag} entered`);
        const second = await outcomeOf(client.mutation(`beta.keys.${form}`, { tag, amount: 5 }));
        probe.open(`${tag} go on`);
        const third = async (): Promise<unknown> => client.mutation(`beta.keys.${form}`, { tag, amount: 5 });
        return {
          answered: "amount" in ((await first) as object),
          second,
          one: isOne(await first, await third()),
          amounts: await amounts(world, tag),
        };
      },
      expected: {
        answered: true,
        second: edgeFailure("KEY_IN_FLIGHT", { number: -32009, httpStatus: 409, path: `beta.keys.${form}`, details: undefined }),
        one: true,
        amounts: [5],
      },
    },
    {
      name: `${form}: between contexts a key in flight is waited for`,
      run: async (world) => {
        const { probe } = world;
        const tag = world.tag();
        const first = nobody(world)[form]({ tag, amount: 5 }, { key: tag });
        await probe.pass(`${tag} entered`);
        const second = nobody(world)[form]({ tag, amount: 5 }, { key: tag });
        await nobody(world).rows({ tag });
        probe.open(`${tag} go on`);
        return { one: isOne(await first, await second), amounts: await amounts(world, tag) };
      },
      expected: { one: true, amounts: [5] },
    },
  ]),
  {
    name: "keys of a batch are one a call",
    trpcOnly: "REST has no batches",
    run: async (world) => {
      const tag = world.tag();
      const client = world.edge({ link: "httpBatchLink", headers: { "idempotency-key": `${tag}a,${tag}b` } });
      const both = (): Promise<unknown[]> =>
        Promise.all([client.mutation("beta.keys.add", { tag, amount: 1 }), client.mutation("beta.keys.add", { tag, amount: 2 })]);
      const [first, again] = [await both(), await both()];
      return { same: isOne(first[0], again[0]) && isOne(first[1], again[1]), amounts: await amounts(world, tag) };
    },
    expected: { same: true, amounts: [1, 2] },
  },
  {
    name: "one key for two calls of a batch is refused",
    trpcOnly: "REST has no batches",
    run: async (world) => {
      const tag = world.tag();
      const client = world.edge({ link: "httpBatchLink", headers: { "idempotency-key": `${tag},${tag},${tag}` } });
      await outcomeOf(Promise.all([client.mutation("beta.keys.add", { tag, amount: 1 }), client.mutation("beta.keys.add", { tag, amount: 2 })]));
      return amounts(world, tag);
    },
    expected: [],
  },
];

/** Cases about mutations with idempotency keys. */
export const KEYS = [topic("idempotency", bothForms), topic("keys", special)];
