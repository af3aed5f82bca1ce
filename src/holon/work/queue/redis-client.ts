import type { Redis, RedisOptions } from "ioredis";

/** Longest that Redis may take to answer a command of ours, and that a connection may take to open. */
export const COMMAND_TIMEOUT_MS = 5_000;

/**
 * Longest that a connection hears nothing while an answer is due. Then it is cut and another one is opened, for it may be half open: TCP itself would
 * give up after a quarter of an hour.
 */
const SILENCE_MS = 8_000;

/** The same for the connection on which a worker waits for jobs: BullMQ lets Redis wait there up to 10 s. */
const WAITING_SILENCE_MS = 12_000;

/** What a Redis says that answers and refuses: rights, passwords, database numbers, and states in which it takes nothing. */
const REFUSAL =
  /\b(?:NOPERM|NOAUTH|WRONGPASS|OOM|READONLY|MISCONF|LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|CROSSSLOT|MOVED|NOREPLICAS|DB index|invalid password|unknown command)\b/i;

/** Greatest length of what is told of a refusal. */
const REFUSAL_LENGTH = 200;

/** What Redis says with a refusal; undefined for other errors. */
export function redisRefusalOf(error: unknown): string | undefined {
  const { name, message } = (error ?? {}) as { readonly name?: unknown; readonly message?: unknown };
  if (name !== "ReplyError" || typeof message !== "string" || !REFUSAL.test(message)) return undefined;
  return message.slice(0, REFUSAL_LENGTH);
}

/** What the clients of the queues do with what they meet. */
export interface RedisClientParts {
  readonly url: string;
  /** The class of ioredis, which is loaded only if there is a Redis. */
  readonly Client: typeof Redis;
  readonly onError: (error: Error) => void;
  /** Redis told of itself, or refused to. */
  readonly onInfo: (info: string | Error) => void;
}

/** The client that adds jobs and asks for numbers. It never waits for a connection, and sends nothing again that it has said to have failed. */
export function openAddingClient(parts: RedisClientParts): Redis {
  return open(parts, {
    commandTimeout: COMMAND_TIMEOUT_MS,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    autoResendUnfulfilledCommands: false,
  });
}

/** The client of all workers. What it was asked waits for the next connection; each worker duplicates it for the connection on which it waits. */
export function openWorkingClient(parts: RedisClientParts): Redis {
  const client = open(parts, { maxRetriesPerRequest: null });
  const duplicate = (others: Partial<RedisOptions> = {}): Redis =>
    open(parts, { ...others, maxRetriesPerRequest: null, socketTimeout: WAITING_SILENCE_MS });
  return Object.assign(client, { duplicate });
}

function open({ url, Client, onError, onInfo }: RedisClientParts, options: Partial<RedisOptions>): Redis {
  const client = new Client(url, {
    connectTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: SILENCE_MS,
    retryStrategy: (times) => Math.min(times * 50, 1_000),
    ...options,
  });
  client.setMaxListeners(0);
  client.on("error", (error: Error) => {
    onError(error);
    // ioredis would go on in database 0, which may be another app's.
    if (client.status === "connect" && /DB index/i.test(error.message)) client.disconnect(true);
  });
  answerInfo(client, onInfo);
  return client;
}

type InfoCallback = (error: Error | null, info?: string) => void;

/**
 * Lets `INFO` answer a user that may not use it: with the version, which `HELLO` tells. BullMQ asks each new connection, and a queue or worker whose
 * question failed was seen to fail for ever. What BullMQ and ioredis would print of the answer is left out, for it is logged once.
 */
function answerInfo(client: Redis, onInfo: RedisClientParts["onInfo"]): void {
  const ask = client.info.bind(client);
  const info = async (): Promise<string> => {
    try {
      const answer = await ask();
      onInfo(answer);
      return answer.replace("maxmemory_policy:", "policy:");
    } catch (error) {
      if (!(error instanceof Error && error.message.includes("NOPERM"))) throw error;
      onInfo(error);
      return `redis_version:${versionIn(await client.hello())}`;
    }
  };
  Object.assign(client, {
    info(callback?: InfoCallback): Promise<string> {
      const answer = info();
      if (callback !== undefined) answer.then((text) => callback(null, text), callback);
      return answer;
    },
  });
}

/** `HELLO` answers with names and values, one after the other. */
function versionIn(hello: unknown): string {
  const words = (Array.isArray(hello) ? hello : Object.entries(hello as object)).flat().map(String);
  return words[words.indexOf("version") + 1] ?? "";
}
