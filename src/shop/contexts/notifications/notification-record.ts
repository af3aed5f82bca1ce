import { and, asc, desc, eq, gte, sql } from "drizzle-orm";
import type { ReaderOf, TransactionOf } from "holon";
import type { z } from "zod";
import type { Notification, notifications as notificationsContract } from "#contracts/notifications";
import { SHOP_NAMESPACE } from "../../shop-namespace.ts";
import { uuidV5 } from "../../uuid-v5.ts";
import type { notifications as notificationsContext } from "./context.ts";
import { type NotificationRow, notifications } from "./tables.ts";

type Reader = ReaderOf<typeof notificationsContext>;
type Tx = TransactionOf<typeof notificationsContext>;
type ListInput = z.output<(typeof notificationsContract.procedures.list)["input"]>;

/** A message that is to be sent. */
export interface NewNotification {
  readonly kind: Notification["kind"];
  readonly orderId: string;
  readonly customerId: string;
  readonly totalCents?: number;
  readonly reason?: string;
}

/** The Message-ID of a notification's mail. It is made from the id, so it stays the same if the mail is sent more than once. */
export function messageIdOf(notificationId: string): string {
  return `<${notificationId}@notifications.example.test>`;
}

/** Writes a waiting notification. Shape: its id; undefined if it was written before. */
export async function insertNotification(tx: Tx, { kind, orderId, customerId, totalCents, reason }: NewNotification): Promise<string | undefined> {
  const id = uuidV5(SHOP_NAMESPACE, `notification/${kind}/${orderId}`);
  const [added] = await tx.db
    .insert(notifications)
    .values({ id, kind, orderId, customerId, totalCents, reason, status: "waiting" })
    .onConflictDoNothing()
    .returning({ id: notifications.id });
  return added?.id;
}

/** The notification with an id. */
export async function notificationById(ctx: Reader, id: string): Promise<NotificationRow | undefined> {
  const query = ctx.prepared("notificationById", (db) => db.query.notifications.findFirst({ where: eq(notifications.id, sql.placeholder("id")) }));
  return query.execute({ id });
}

/** Sets the final status of a notification. */
export async function setStatus(tx: Tx, id: string, status: "sent" | "dropped", recipient: string | null): Promise<void> {
  const sentAt = status === "sent" ? sql`now()` : null;
  await tx.db.update(notifications).set({ status, recipient, sentAt }).where(eq(notifications.id, id));
}

/** One page of notifications, the newest first, and how many there are in all. */
export async function listNotifications(ctx: Reader, input: ListInput): Promise<{ items: Notification[]; total: number }> {
  const { orderId, kind, status, sentSince, page, limit } = input;
  const where = and(
    orderId === undefined ? undefined : eq(notifications.orderId, orderId),
    kind === undefined ? undefined : eq(notifications.kind, kind),
    status === undefined ? undefined : eq(notifications.status, status),
    sentSince === undefined ? undefined : gte(notifications.sentAt, new Date(sentSince)),
  );
  const orderBy = [desc(notifications.createdAt), asc(notifications.id)];
  const [rows, total] = await Promise.all([
    ctx.db.query.notifications.findMany({ where, orderBy, limit, offset: (page - 1) * limit }),
    ctx.db.$count(notifications, where),
  ]);
  return { items: rows.map(toNotification), total };
}

function toNotification({ totalCents: _total, reason: _reason, createdAt, sentAt, ...row }: NotificationRow): Notification {
  return { ...row, messageId: messageIdOf(row.id), sentAt: sentAt?.toISOString() ?? null, createdAt: createdAt.toISOString() };
}
