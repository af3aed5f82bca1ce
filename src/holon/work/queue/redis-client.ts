import type { Redis, RedisOptions } from "ioredis";

/** Longest time that Redis may take to answer a command of this process, and that a connection may take to open. */
const COMMAND_TIMEOUT_MS = 5_000;

/**
 * Longest silence on a connection while an answer is due. After it the connection is cut and another one is opened: it may be half open, which TCP would notice
 * only after a quarter of an hour.
 */
const SILENCE_MS = 8_000;

/** The same for the connection on which a worker waits for jobs: BullMQ lets Redis wait up to 10 s there. */
const WAITING_SILENCE_MS = 12_000;

/** The words of a Redis that answers and refuses: rights, passwords, database numbers, and states in which it accepts nothing. */
const REFUSAL =
  /\b(?:NOPERM|NOAUTH|WRONGPASS|OOM|READONLY|MISCONF|LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|CROSSSLOT|MOVED|NOREPLICAS|DB index|invalid password|unknown command)\b/i;

/** Greatest length of the message of a refusal. */
const REFUSAL_LENGTH = 200;

/** The message of a refusal; undefined for other errors. */
export function redisRefusalOf(error: unknown): string | undefined {
  const { name, message } = (error ?? {}) as { readonly name?: unknown; readonly message?: unknown };
  if (name !== "ReplyError" || typeof message !== "string" || !REFUSAL.test(message)) return undefined;
  return message.slice(0, REFUSAL_LENGTH);
}

/** The settings that both clients of the queues share. */
interface RedisClientParts {
  readonly url: string;
  /** The class of ioredis, which is loaded only if there is a Redis. */
  readonly Client: typeof Redis;
  readonly onError: (error: Error) => void;
  /** Called with the answer to `INFO`, or with the refusal. */
  readonly onInfo: (info: string | Error) => void;
}

/** The client that adds jobs and reads counts. It never waits for a connection, and never sends a command again whose failure it has reported. */
export function openAddingClient(parts: RedisClientParts): Redis {
  return open(parts, {
    commandTimeout: COMMAND_TIMEOUT_MS,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    autoResendUnfulfilledCommands: false,
  });
}

/** The client of all workers. A command waits for the next connection. Each worker duplicates the client for the connection on which it waits for jobs. */
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
    // ioredis would continue in database 0, which may belong to another app.
    if (client.status === "connect" && /DB index/i.test(error.message)) client.disconnect(true);
  });
  answerInfo(client, onInfo);
  return client;
}

type InfoCallback = (error: Error | null, info?: string) => void;

/**
 * Makes `INFO` work for a user that may not run it: the answer is the version, which `HELLO` returns. BullMQ sends `INFO` on each new connection, and a queue
 * or worker whose `INFO` failed was seen to fail for ever. The policy is renamed in the answer, because BullMQ and ioredis would print warnings about it: it is
 * logged once here.
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

/** The answer of `HELLO` is a list of names and values in turns. */
function versionIn(hello: unknown): string {
  const words = (Array.isArray(hello) ? hello : Object.entries(hello as object)).flat().map(String);
  return words[words.indexOf("version") + 1] ?? "";
}
