import type { IncomingMessage, ServerResponse } from "node:http";
import type { Queue } from "bullmq";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Fastify from "fastify";
import { assertSameOrigin } from "../../edge/http/origin-policy.ts";
import { catalogueError } from "../../kernel/holon-error.ts";
import type { Closable } from "../../kernel/lifecycle.ts";
import type { QueueBackend } from "../../work/queue/queue-backend.ts";
import type { AdminOf } from "./admission.ts";
import type { DashboardDeps } from "./dashboard-deps.ts";
import { shownData, withoutSecrets } from "./shown-data.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
const READING = ["GET", "HEAD"];

/** Adds Bull Board. It is opened at the first request for it and costs nothing until then. */
export function addBoard(scope: FastifyInstance, deps: DashboardDeps, adminOf: AdminOf): void {
  let board: Promise<JobBoard> | undefined;
  const opened = async (): Promise<JobBoard> => {
    const backend = await deps.backend();
    if (backend === undefined)
      throw catalogueError("UNAVAILABLE", "This process reaches no queues. Use the dashboard of a process with the role jobs.");
    if (!backend.reachable) throw catalogueError("UNAVAILABLE", "The queues cannot be reached now. What waits for them is kept in the outbox.");
    board ??= openJobBoard(deps, backend);
    const ready = await board.catch((error: unknown) => {
      board = undefined;
      throw error;
    });
    ready.refresh(backend);
    return ready;
  };
  // Runs before the body is read, because the board reads the body itself.
  const forward = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    if (!READING.includes(request.method)) {
      if (!deps.isWriteAllowed)
        throw catalogueError("METHOD_NOT_SUPPORTED", "This dashboard is read-only. Set HOLON_OPS_WRITE=yes to allow changes.");
      if (adminOf(request).formToken !== undefined) assertSameOrigin(request);
    }
    const ready = await opened();
    reply.hijack();
    reply.raw.setHeader("content-security-policy", BOARD_POLICY);
    if (!request.url.includes("/static/")) reply.raw.setHeader("cache-control", "no-store");
    ready.answer(request.raw, reply.raw);
    return reply;
  };
  for (const url of ["/jobs", "/jobs/*"]) scope.route({ method: METHODS, url, onRequest: forward, handler: (_request, reply) => reply });
  scope.addHook("onClose", async () => {
    await (await board?.catch(() => undefined))?.close();
  });
}

/** The path of the board. */
const BOARD_PATH = "/ops/jobs";

/** The board has its own scripts and styles. It also requests fonts of another host; they are refused, and it works without them. */
const BOARD_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'";

/** Bull Board, ready to answer. */
interface JobBoard extends Closable {
  /** Shows the queues as they are now: a queue whose connection failed may have been replaced. */
  refresh(backend: Pick<QueueBackend, "inspect">): void;
  answer(request: IncomingMessage, response: ServerResponse): void;
  close(): Promise<void>;
}

/**
 * Opens Bull Board on all queues of an app. It is a server of its own, to which our server passes requests, because routes cannot be added to a server whose
 * port is open.
 */
async function openJobBoard({ appName, queues, isWriteAllowed }: DashboardDeps, backend: Pick<QueueBackend, "inspect">): Promise<JobBoard> {
  const [{ createBullBoard }, { BullMQAdapter }, { FastifyAdapter }] = await Promise.all([
    import("@bull-board/api"),
    import("@bull-board/api/bullMQAdapter"),
    import("@bull-board/fastify"),
  ]);
  const adapt = (name: string, queue: Queue) => {
    const adapter = new BullMQAdapter(queue, { readOnlyMode: !isWriteAllowed, description: describe(name), delimiter: "." });
    adapter.setFormatter("data", shownData);
    return adapter;
  };
  const shown = new Map(queues.map((name) => [name, backend.inspect(name)] as const));
  const serverAdapter = new FastifyAdapter().setBasePath(BOARD_PATH);
  const board = createBullBoard({
    queues: [...shown].map(([name, queue]) => adapt(name, queue)),
    // The adapter brings its own copy of the API. Private members make the types of the two copies different.
    serverAdapter: serverAdapter as unknown as Parameters<typeof createBullBoard>[0]["serverAdapter"],
    options: {
      uiConfig: {
        boardTitle: `${appName}: queues`,
        hideDocsLink: true,
        showWorkers: false,
        sortQueues: true,
        miscLinks: [{ text: "Background work", url: "/ops/work" }],
        ...(isWriteAllowed ? {} : { environment: { label: "read only", color: "#5b6675", textColor: "#ffffff" } }),
      },
    },
  });
  const app = Fastify({ return503OnClosing: false });
  app.addHook("preSerialization", async (_request, _reply, payload) => withoutSecrets(payload));
  await app.register(serverAdapter.registerPlugin(), { prefix: BOARD_PATH });
  await app.ready();
  return {
    refresh(current) {
      const changed = queues.filter((name) => current.inspect(name) !== shown.get(name));
      if (changed.length === 0) return;
      for (const name of changed) shown.set(name, current.inspect(name));
      board.replaceQueues([...shown].map(([name, queue]) => adapt(name, queue)));
    },
    answer: (request, response) => app.routing(request, response),
    close: () => app.close(),
  };
}

function describe(name: string): string {
  const [kind = "", context = "", job] = name.split(".");
  if (kind === "events") return `Events of other contexts, on their way to ${context}.`;
  if (kind === "ack") return `Reports of other contexts about events of ${context} that they have taken.`;
  return job === undefined ? `Jobs of ${context}.` : `The job ${job} of ${context}, which has its own limits.`;
}
