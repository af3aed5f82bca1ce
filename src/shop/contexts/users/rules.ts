import { mayActFor } from "../../ownership.ts";
import { users } from "./context.ts";

/** A user sees and edits himself; admins everybody. */
export const rules = users.rules({
  get: ({ input, ctx }) => mayActFor(ctx.user, input.id),
  update: ({ input, ctx }) => mayActFor(ctx.user, input.id),
  patch: ({ input, ctx }) => mayActFor(ctx.user, input.id),
  remove: ({ input, ctx }) => mayActFor(ctx.user, input.id),
});
