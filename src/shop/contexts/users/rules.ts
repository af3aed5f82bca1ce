import { mayActFor } from "../../ownership.ts";
import { users } from "./context.ts";

/** A user sees and edits himself; admins everybody. A password is changed by nobody but its owner. */
export const rules = users.rules({
  get: ({ input, ctx }) => mayActFor(ctx.user, input.id),
  update: ({ input, ctx }) => mayActFor(ctx.user, input.id),
  patch: ({ input, ctx }) => mayActFor(ctx.user, input.id),
  changePassword: ({ input, ctx }) => ctx.user?.id === input.id,
  remove: ({ input, ctx }) => mayActFor(ctx.user, input.id),
});
