import type { Probe } from "../../probe.ts";
import { caughtOf } from "../caught.ts";
import { hopOf } from "../hop.ts";
import type { AlphaHandlers } from "./context.ts";

/** The first context of the chain alpha, beta, gamma, delta. */
export const createChain = (probe: Probe): AlphaHandlers["chain"] => ({
  async trace({ ctx }) {
    return [hopOf("alpha", ctx), ...(await ctx.call.beta.chain.trace())];
  },
  async traceAsSystem({ ctx }) {
    return [hopOf("alpha", ctx), ...(await ctx.asSystem.call.beta.chain.trace())];
  },
  contexts({ ctx }) {
    return {
      own: namesIn(ctx.call),
      system: namesIn(ctx.asSystem.call),
      other: ["delta", "alpha", "values", "__proto__"].filter((name) => name in ctx.call && name !== "__proto__"),
    };
  },
  async sleep({ input, ctx }) {
    await ctx.call.beta.chain.sleep(input);
  },
  async hang({ input, ctx }) {
    await ctx.call.beta.chain.hang(input);
  },
  async shortHang({ input, ctx }) {
    const caught = await caughtOf(ctx.call.beta.time.hang(input, { deadlineMs: 30 }));
    probe.note(input.tag, `alpha goes on: ${!ctx.signal.aborted}`);
    return caught;
  },
  async generous({ ctx }) {
    const left = ctx.remainingMs;
    return (await ctx.call.beta.time.remaining(undefined, { deadlineMs: 3_600_000 })) <= left;
  },
  async abort({ input, ctx }) {
    const controller = new AbortController();
    const caught = caughtOf(ctx.call.beta.time.hang(input, { signal: controller.signal }));
    await probe.pass(`${input.tag} entered`);
    controller.abort();
    return caught;
  },
  abortedBefore({ input, ctx }) {
    return caughtOf(ctx.call.beta.time.hang(input, { signal: AbortSignal.abort() }));
  },
});

function namesIn(call: object): string[] {
  const names: string[] = [];
  for (const name in call) names.push(name);
  return names;
}
