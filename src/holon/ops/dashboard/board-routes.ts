import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { assertSameOrigin } from "../../edge/http/same-origin.ts";
import { catalogueError } from "../../kernel/holon-error.ts";
import type { DashboardOptions } from "./dashboard-options.ts";
import { BOARD_POLICY, type JobBoard, openJobBoard } from "./job-board.ts";
import type { AdminOf } from "./work-routes.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
const READING = ["GET", "HEAD"];

/** Adds Bull Board. It is opened at the first request for it and costs nothing until then. */
export function addBoard(scope: FastifyInstance, options: DashboardOptions, adminOf: AdminOf): void {
  let board: Promise<JobBoard> | undefined;
  const opened = async (): Promise<JobBoard> => {
    const backend = await options.backend();
    if (backend === undefined) throw catalogueError("UNAVAILABLE", "This process reaches no queues. Ask one with the role jobs.");
    if (!backend.reachable) throw catalogueError("UNAVAILABLE", "The queues cannot be reached now. What waits for them is kept in the outbox.");
    board ??= openJobBoard(options, backend);
    const ready = await board.catch((error: unknown) => {
      board = undefined;
      throw error;
    });
    ready.refresh(backend);
    return ready;
  };
  // Runs before the body is read, because the board reads it.
  const forward = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    if (!READING.includes(request.method)) {
      if (!options.isWriteAllowed) throw catalogueError("METHOD_NOT_SUPPORTED", "The dashboard may only be read. HOLON_OPS_WRITE=yes allows more.");
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
