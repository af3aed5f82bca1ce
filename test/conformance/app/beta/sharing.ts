import { HolonError } from "holon";
import type { Probe } from "../../probe.ts";
import { dataOf, spoil } from "../data.ts";
import type { BetaHandlers } from "./context.ts";

const constant = dataOf("constant");

/** Handlers that keep and change the objects that they get and return. */
export const createSharing = (probe: Probe): BetaHandlers["sharing"] => ({
  async keep({ input: { tag, data } }) {
    probe.keep(`${tag} input`, data);
    return probe.keep(`${tag} output`, data);
  },
  constant: () => constant,
  refuse({ input: { tag } }) {
    throw new HolonError("KEPT", "Kept.", { details: probe.keep(`${tag} details`, dataOf(tag)) });
  },
  refuseCommonly({ input: { tag }, ctx }) {
    throw ctx.fail("CONFLICT", "Kept.", probe.keep(`${tag} details`, dataOf(tag)));
  },
  async *items({ input: { tag } }) {
    const data = probe.keep(`${tag} item`, dataOf(tag));
    yield data;
    spoil(data);
    data.text = "second";
    data.list = [];
    data.tuple = [{ n: 0 }];
    data.record = {};
    data.json = null;
    yield data;
  },
  defaults({ input: { list } }) {
    list.push(1);
    return list;
  },
  promote({ ctx }) {
    (ctx.requireUser().roles as string[]).push("admin");
  },
});
