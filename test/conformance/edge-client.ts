import {
  createTRPCUntypedClient,
  httpBatchLink,
  httpBatchStreamLink,
  httpLink,
  httpSubscriptionLink,
  splitLink,
  type TRPCUntypedClient,
} from "@trpc/client";
import type { AnyTRPCRouter } from "@trpc/server";
import { FetchEventSource } from "./event-source.ts";

/** The official links that carry calls. */
export const LINKS = { httpLink, httpBatchLink, httpBatchStreamLink } as const;

export type LinkName = keyof typeof LINKS;

/** The user of a client, and the further headers of its requests. */
export interface EdgeOptions {
  readonly link?: LinkName;
  /** Kind, id and roles of the user, such as `user ada admin`; undefined for an anonymous client. */
  readonly as?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The official client without types: the cases call by path. */
export type EdgeClient = TRPCUntypedClient<AnyTRPCRouter>;

/** Makes an official client of an edge. */
export function edgeClient(url: string, { link = "httpLink", as, headers = {} }: EdgeOptions = {}): EdgeClient {
  const authorization = as === undefined ? undefined : { authorization: as };
  return createTRPCUntypedClient({
    links: [
      splitLink({
        condition: (op) => op.type === "subscription",
        true: httpSubscriptionLink({
          url: `${url}/trpc`,
          EventSource: FetchEventSource,
          ...(authorization === undefined ? {} : { connectionParams: authorization }),
        }),
        false: LINKS[link]({ url: `${url}/trpc`, headers: { ...authorization, ...headers } }),
      }),
    ],
  });
}

/** The items of a subscription until it completes; rejects with the error that ends it. */
export function itemsAtEdge(client: EdgeClient, path: string, input: unknown): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const items: unknown[] = [];
    const subscription = client.subscription(path, input, {
      onData: (item) => items.push(item),
      onComplete: () => resolve(items),
      onError: (error) => {
        subscription.unsubscribe();
        reject(error);
      },
    });
  });
}
