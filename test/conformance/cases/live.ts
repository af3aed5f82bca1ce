import { type Case, topic } from "../case.ts";
import { collect } from "../collect.ts";
import { itemsAtEdge } from "../edge-client.ts";
import { edgeFailure, failure } from "../outcome.ts";
import { until } from "../until.ts";
import type { World } from "../world.ts";

const live = ({ app }: World) => app.asAnonymous().call.beta.live;

interface Item {
  readonly id: string;
  readonly data: { readonly amount: number; readonly note: string };
}

/** Only amounts are compared, because ids contain positions, which differ between databases. */
const amounts = (items: readonly unknown[]): number[] => (items as readonly Item[]).map(({ data }) => data.amount);

async function add(world: World, tag: string, ...added: readonly number[]): Promise<void> {
  for (const amount of added) await live(world).add({ tag, amount });
}

const MALFORMED = { issues: [{ path: "lastEventId", code: "malformed", message: "This is not the id of an item of this subscription." }] };
const SENTENCE = "The subscription cannot go on after the item that is named.";

const cases: readonly Case[] = [
  {
    name: "gives what is committed after it began, of its key only",
    run: async (world) => {
      const [tag, other] = [world.tag(), world.tag()];
      await add(world, tag, 1);
      const items = collect(live(world).watch({ tag, most: 2 }));
      await world.probe.pass(`${tag} watches`);
      await add(world, other, 9);
      await add(world, tag, 2, 3);
      return (await items).map(({ data }) => data);
    },
    expected: [
      { amount: 2, note: "none" },
      { amount: 3, note: "none" },
    ],
  },
  {
    name: "goes on right behind the last item",
    run: async (world) => {
      const tag = world.tag();
      const items = collect(live(world).watch({ tag, most: 3 }));
      await world.probe.pass(`${tag} watches`);
      await add(world, tag, 1, 2, 3);
      const [first] = await items;
      await add(world, tag, 4);
      return amounts(await collect(live(world).watch({ tag, most: 3, lastEventId: first?.id })));
    },
    expected: [2, 3, 4],
  },
  {
    name: "ends its handler when its consumer leaves",
    run: async (world) => {
      const tag = world.tag();
      const items = collect(live(world).watch({ tag, most: 100 }), 1);
      await world.probe.pass(`${tag} watches`);
      await add(world, tag, 1);
      await items;
      return until("the handler's end", () => world.probe.notes(tag).length > 0 && world.probe.notes(tag));
    },
    expected: ["finally"],
  },
  {
    name: "refuses an id that is malformed",
    run: (world) => collect(live(world).watch({ tag: world.tag(), most: 1, lastEventId: "5" })),
    expected: failure("BAD_REQUEST", { message: SENTENCE, details: MALFORMED }),
  },
  {
    name: "gives official clients items to resume after",
    run: async (world) => {
      const tag = world.tag();
      const items = itemsAtEdge(world.edge(), "beta.live.watch", { tag, most: 2 });
      await world.probe.pass(`${tag} watches`);
      await add(world, tag, 1, 2);
      const [first, second] = (await items) as Item[];
      const again = await itemsAtEdge(world.edge(), "beta.live.watch", { tag, most: 1, lastEventId: first?.id });
      return { first: amounts([first]), again: amounts(again), same: (again[0] as Item).id === second?.id };
    },
    expected: { first: [1], again: [2], same: true },
  },
  {
    name: "refuses an id that is malformed at the edge",
    run: (world) => itemsAtEdge(world.edge(), "beta.live.watch", { tag: world.tag(), most: 1, lastEventId: "5" }),
    expected: edgeFailure("BAD_REQUEST", { number: -32600, httpStatus: 400, path: "beta.live.watch", message: SENTENCE, details: MALFORMED }),
  },
];

/** Cases about watching events. */
export const LIVE = [topic("a watch of events", cases)];
