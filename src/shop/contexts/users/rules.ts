import { mayActFor } from "../../ownership.ts";
import { users } from "./context.ts";

/** Users see and edit their own account; admins see and edit all. Only the owner may change a password. */
export const rules = users.rules({
  get: ({ input, ctx }) => mayActFor(ctx.user, input.id),
  update: ({ input, ctx }) => mayActFor(ctx.user, input.id),
  patch: ({ input, ctx }) => mayActFor(ctx.user, input.id),
  changePassword: ({ input, ctx }) => ctx.user?.id === input.id,
  remove: ({ input, ctx }) => mayActFor(ctx.user, input.id),
});
