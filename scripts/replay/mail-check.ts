import type { Client } from "holon/client";
import { z } from "zod";
import type { contracts } from "#contracts";
import { type Check, numberCheck } from "./checks.ts";
import { type WaitForOptions, waitFor } from "./wait-for.ts";

const Sink = z.object({ since: z.iso.datetime(), mails: z.array(z.object({ messageId: z.string() })) });

type Sink = z.output<typeof Sink>;

const PAGE = 100;

/** The options of {@link checkMail}. */
export interface MailCheckOptions extends WaitForOptions {
  readonly client: Client<typeof contracts>;
  /** The page of the shop's own mail server, as in `http://127.0.0.1:3025/mail`. */
  readonly mailUrl: string;
  /** How many orders were confirmed. */
  readonly confirmed: number;
}

/**
 * Checks that each confirmed order has one mail, identified by its Message-ID, and that the mail server received these mails.
 *
 * A mail server that keeps its mail in memory has only the mails since its own start; earlier mails are not looked for. A mail that arrived twice
 * with the same Message-ID counts as one. Shape: if the page of the mail server does not answer, its checks are left out.
 */
export async function checkMail(options: MailCheckOptions): Promise<Check[]> {
  const { client, confirmed } = options;
  const sentCount = async (): Promise<number> => (await client.notifications.list.query({ kind: "orderConfirmed", status: "sent", limit: 1 })).total;
  const sent = await waitFor(sentCount, (count) => count >= confirmed, options);
  const checks = [numberCheck("mails sent", sent, confirmed)];
  const sink = await readSink(options.mailUrl);
  if (sink === undefined) return checks;
  const wanted = await sentIds(client, sink.since);
  const arrived = new Set(sink.mails.map(({ messageId }) => messageId));
  const found = wanted.filter((messageId) => arrived.has(messageId));
  return [...checks, numberCheck("different mails arrived", new Set(found).size, wanted.length)];
}

async function readSink(mailUrl: string): Promise<Sink | undefined> {
  try {
    return Sink.parse(await (await fetch(`${mailUrl}.json`)).json());
  } catch {
    return undefined;
  }
}

async function sentIds(client: Client<typeof contracts>, sentSince: string): Promise<string[]> {
  const ids: string[] = [];
  for (let page = 1; ; page++) {
    const { items, total } = await client.notifications.list.query({ kind: "orderConfirmed", status: "sent", sentSince, page, limit: PAGE });
    ids.push(...items.map(({ messageId }) => messageId));
    if (items.length === 0 || ids.length >= total) return ids;
  }
}
