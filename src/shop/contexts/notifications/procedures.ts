import { notifications } from "./context.ts";
import { listNotifications } from "./notification-record.ts";

/** The handlers of the notifications contract. */
export const procedures = notifications.procedures({
  async list({ input, ctx }) {
    return { ...(await listNotifications(ctx, input)), page: input.page, limit: input.limit };
  },
});
