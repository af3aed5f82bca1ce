import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { initTRPC, TRPCError, tracked } from "@trpc/server";
import { createHTTPHandler } from "@trpc/server/adapters/standalone";
import { z } from "zod";
import { contract } from "../contract/contract.ts";
import { mutation, query, subscription } from "../contract/procedure.ts";

const Id = z.object({ id: z.string() });

/** A contract whose procedures {@link startServer} answers, without any server code of the toolkit. */
export const catalog = contract("catalog", {
  procedures: {
    products: { get: query({ access: "public", input: Id, output: z.object({ id: z.string(), token: z.string() }) }) },
    stock: {
      reserve: mutation({ access: "user", idempotent: true, input: Id, output: Id, errors: { OUT_OF_STOCK: z.object({ available: z.int() }) } }),
      watch: subscription({ access: "public", input: Id.optional(), output: z.object({ stock: z.int() }) }),
      positions: subscription({
        access: "public",
        input: z.object({ lastEventId: z.string().optional() }).optional(),
        output: z.object({ id: z.string(), data: z.int() }),
      }),
    },
    secret: query({ access: "internal", output: z.string() }),
  },
});

/** A real tRPC server on a free port, and the requests that it got. */
export interface TestServer {
  readonly url: string;
  readonly requests: readonly IncomingMessage[];
  /** Ends the open connections, as a restart would. */
  cut(): void;
  close(): Promise<void>;
}

/** Starts a tRPC server that answers {@link catalog} with errors in the toolkit's shape. */
export async function startServer(): Promise<TestServer> {
  const requests: IncomingMessage[] = [];
  const handler = createHTTPHandler({
    router: createRouter(),
    basePath: "/trpc/",
    createContext: ({ req }) => ({ token: req.headers.authorization ?? "none" }),
  });
  const server: Server = createServer((request, response) => {
    requests.push(request);
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/trpc`, requests, cut: () => server.closeAllConnections(), close };
}

function createRouter() {
  const t = initTRPC.context<{ token: string }>().create({
    errorFormatter: ({ shape, error }) => ({ ...shape, data: { ...shape.data, ...(error.cause as object | undefined) } }),
  });
  const refusal = (code: string, details: unknown) =>
    new TRPCError({ code: "UNPROCESSABLE_CONTENT", message: code, cause: Object.assign(new Error(code), { code, details }) });
  return t.router({
    catalog: t.router({
      products: t.router({ get: t.procedure.input(Id).query(({ input, ctx }) => ({ id: input.id, token: ctx.token })) }),
      stock: t.router({
        reserve: t.procedure.input(Id).mutation(({ input }) => {
          if (input.id === "gone") throw refusal("OUT_OF_STOCK", { available: 2 });
          return input;
        }),
        watch: t.procedure.input(Id.optional()).subscription(async function* ({ input, ctx }) {
          if (input?.id === "gone") throw refusal("NOT_FOUND", undefined);
          yield { stock: ctx.token.length };
          yield { stock: 2 };
        }),
        positions: t.procedure.input(z.object({ lastEventId: z.string().optional() }).optional()).subscription(async function* ({ input, signal }) {
          const from = Number(input?.lastEventId ?? 0);
          for (let id = from + 1; id <= from + 2; id++) yield tracked(String(id), id);
          await new Promise((resolve) => signal?.addEventListener("abort", resolve));
        }),
      }),
    }),
  });
}
