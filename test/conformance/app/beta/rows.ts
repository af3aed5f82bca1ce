import type { Probe } from "../../probe.ts";
import type { BetaHandlers, BetaRules } from "./context.ts";

/** Handlers for rows that have owners. */
export const createRows = (probe: Probe): BetaHandlers["rows"] => ({
  get: ({ input }) => `the row of ${input.owner}`,
  read: ({ input }) => ({ owner: input.owner }),
  touch({ input }) {
    probe.note(input.tag, "touched");
    return "touched";
  },
  broken: () => "unreachable",
  async *watch({ input }) {
    yield `the row of ${input.owner}`;
  },
});

/** The owner of a row and admins may see it. */
export const rowRules: NonNullable<BetaRules["rows"]> = {
  get: ({ input, ctx }) => owns(input.owner, ctx.user),
  read: { answer: async ({ output, ctx }) => owns(output.owner, ctx.user) },
  touch: async ({ input, ctx }) => owns(input.owner, ctx.user),
  broken() {
    throw new Error("s3cret");
  },
  watch: ({ input, ctx }) => owns(input.owner, ctx.user),
};

function owns(owner: string, user: { readonly id: string; readonly roles: readonly string[] } | undefined): boolean {
  return user !== undefined && (user.id === owner || user.roles.includes("admin"));
}
