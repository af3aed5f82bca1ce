import { and, asc, desc, eq } from "drizzle-orm";
import type { Notification } from "#contracts/notifications";
import { notifications } from "./context.ts";
import { toMessage } from "./message.ts";
import * as tables from "./tables.ts";

/** The handlers of the notifications contract. */
export const procedures = notifications.procedures({
  async record({ input, tx }) {
    const { kind, orderId, recipient } = input;
    const message = { kind, orderId, recipient, ...toMessage(kind, input) };
    const [added] = await tx.db.insert(tables.notifications).values(message).onConflictDoNothing().returning();
    if (added !== undefined) return toNotification(added);
    const same = and(eq(tables.notifications.orderId, orderId), eq(tables.notifications.kind, kind));
    const [known] = await tx.db.select().from(tables.notifications).where(same);
    return toNotification(known as tables.NotificationRow);
  },

  async list({ input, ctx }) {
    const { orderId, kind, page, limit } = input;
    const where = and(
      orderId === undefined ? undefined : eq(tables.notifications.orderId, orderId),
      kind === undefined ? undefined : eq(tables.notifications.kind, kind),
    );
    const orderBy = [desc(tables.notifications.createdAt), asc(tables.notifications.id)];
    const [rows, total] = await Promise.all([
      ctx.db.query.notifications.findMany({ where, orderBy, limit, offset: (page - 1) * limit }),
      ctx.db.$count(tables.notifications, where),
    ]);
    return { items: rows.map(toNotification), page, limit, total };
  },
});

function toNotification({ createdAt, ...row }: tables.NotificationRow): Notification {
  return { ...row, createdAt: createdAt.toISOString() };
}
