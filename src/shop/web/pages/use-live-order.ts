import { skipToken, useQuery, useQueryClient } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import { useTRPC } from "../api.ts";
import { FINAL } from "./order-news.ts";

/**
 * An order and its changes. Each change arrives by the subscription. After a disconnect, the subscription resumes at the last change.
 *
 * A change has no prices or totals, so the order is read again after each change.
 */
export function useLiveOrder(id: string) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const queryKey = trpc.orders.get.queryKey({ id });
  const query = useQuery(trpc.orders.get.queryOptions({ id }));
  const status = query.data?.status;
  const mayChange = status !== undefined && !FINAL.includes(status);
  const live = useSubscription(
    trpc.orders.changes.subscriptionOptions(mayChange ? { id } : skipToken, {
      onData: ({ data: { status, reason, version } }) => {
        const isNews = (queryClient.getQueryData(queryKey)?.version ?? 0) < version;
        queryClient.setQueryData(queryKey, (order) =>
          order === undefined || order.version >= version ? order : { ...order, status, reason, version },
        );
        if (!isNews) return;
        void queryClient.invalidateQueries({ queryKey });
        void queryClient.invalidateQueries({ queryKey: trpc.orders.list.queryKey() });
      },
    }),
  );
  return { ...query, isLive: !mayChange || live.status === "pending" };
}
