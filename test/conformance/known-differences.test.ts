import { TOPOLOGIES, type Topology } from "holon/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failure, outcomeOf } from "./outcome.ts";
import { openWorld, type World } from "./world.ts";

/**
 * Intended differences between topologies: a local call writes no JSON, so its bytes are not counted; counting them would cost more than the call.
 * Over the mesh a frame has a limit (frameBytes, 8 MiB). An app that sends more between contexts fails when the contexts are split.
 */
describe.each(TOPOLOGIES)("between contexts, %s", (topology: Topology) => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld(topology);
  });
  afterAll(() => world.close());

  const isLocal = topology === "together";
  const beta = () => world.app.asAnonymous().call.beta.load;

  it(`an answer of 10 MB is ${isLocal ? "returned" : "refused with PAYLOAD_TOO_LARGE"}`, async () => {
    const outcome = await outcomeOf(beta().answer({ chars: 5_000_000 }));
    expect(outcome).toStrictEqual(isLocal ? { text: "ä".repeat(5_000_000) } : failure("PAYLOAD_TOO_LARGE", { executed: "yes" }));
  });

  it(`an input of 10 MB is ${isLocal ? "accepted" : "refused with PAYLOAD_TOO_LARGE"}`, async () => {
    const outcome = await outcomeOf(beta().measure({ text: "ä".repeat(5_000_000) }));
    expect(outcome).toStrictEqual(isLocal ? 5_000_000 : failure("PAYLOAD_TOO_LARGE"));
  });

  it(`details of 10 MB are ${isLocal ? "returned" : "left out, but not the code"}`, async () => {
    const { failure: error } = (await outcomeOf(beta().details({ chars: 5_000_000 }))) as ReturnType<typeof failure>;
    expect([error["code"], error["details"] === undefined]).toEqual(["LARGE", !isLocal]);
  });

  it("the connection still works after a message that was too large", async () => {
    await outcomeOf(beta().answer({ chars: 5_000_000 }));
    expect(await beta().double({ n: 1 })).toEqual({ n: 2 });
  });
});
