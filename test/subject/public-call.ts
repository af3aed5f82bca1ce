import { Agent, type IncomingHttpHeaders, request } from "node:http";
import type { AnyProcedure } from "holon/contract";

/** The public protocols by which clients call procedures. */
export const PUBLIC_WAYS = ["trpc", "rest"] as const;

export type PublicWay = (typeof PUBLIC_WAYS)[number];

/** A procedure of an app, by its path with the context's name in front. */
export interface NamedProcedure {
  readonly path: string;
  readonly procedure: AnyProcedure;
}

/** A request, byte for byte. */
export interface WrittenRequest {
  readonly method: string;
  /** Relative to the edge's address; sent unchanged. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | undefined;
}

/** An answer, byte for byte. */
export interface WrittenAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** The answer to a call, in the same form for each protocol. */
export interface PublicAnswer extends WrittenAnswer {
  /** `OK`, or the code of the error. */
  readonly code: string;
  /** The output, or the error's details. */
  readonly data: unknown;
}

/** Whether a procedure can be called by a protocol at all. */
export function isReachable({ procedure }: NamedProcedure, way: PublicWay): boolean {
  return way === "trpc" || restLine(procedure) !== undefined;
}

/** Writes a call as a client of the protocol would. */
export function writeCall(way: PublicWay, call: NamedProcedure, input: unknown, headers: Readonly<Record<string, string>> = {}): WrittenRequest {
  return way === "trpc" ? trpcRequest(call, input, headers) : restRequest(call, input, headers);
}

/** Calls a procedure from outside. A subscription is read until its first item, its error or its end. */
export async function callPublic(
  url: string,
  way: PublicWay,
  call: NamedProcedure,
  input: unknown,
  headers?: Readonly<Record<string, string>>,
): Promise<PublicAnswer> {
  const isStream = call.procedure.type === "subscription";
  return readAnswer(way, await sendWritten(url, writeCall(way, call, input, headers), isStream ? hasSecondFrame : undefined));
}

/** Reads the code and the data of an answer. */
export function readAnswer(way: PublicWay, answer: WrittenAnswer): PublicAnswer {
  if (answer.headers["content-type"]?.startsWith("text/event-stream") === true) return { ...answer, ...readFrames(answer.text) };
  const body = parse(answer.text) as
    | { readonly result?: { readonly data?: unknown }; readonly error?: TrpcError; readonly code?: unknown }
    | undefined;
  if (way === "trpc") {
    const code = answer.status < 400 ? "OK" : String(body?.error?.data?.code);
    return { ...answer, code, data: code === "OK" ? body?.result?.data : body?.error?.data?.details };
  }
  if (answer.status < 400) return { ...answer, code: "OK", data: body };
  return { ...answer, code: String(body?.code), data: (body as { readonly details?: unknown } | undefined)?.details };
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** Sends a request, and reads the answer to its end, or until enough of it has come. */
export function sendWritten(
  url: string,
  { method, path, headers, body }: WrittenRequest,
  isEnough: (text: string) => boolean = () => false,
): Promise<WrittenAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const outgoing = request({ hostname, port, method, path, headers, agent }, (answer) => {
      answer.setEncoding("utf8");
      let text = "";
      const finish = (): void => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text });
      answer.on("data", (chunk: string) => {
        text += chunk;
        if (!isEnough(text)) return;
        finish();
        outgoing.destroy();
      });
      answer.on("end", finish);
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

interface TrpcError {
  readonly data?: { readonly code?: string; readonly details?: unknown };
}

const JSON_TYPE = { "content-type": "application/json" };

function trpcRequest({ path, procedure }: NamedProcedure, input: unknown, headers: Readonly<Record<string, string>>): WrittenRequest {
  const text = JSON.stringify(input) as string | undefined;
  if (procedure.type === "mutation") {
    const body = text === undefined ? {} : { body: text };
    return { method: "POST", path: `/trpc/${path}`, headers: { ...JSON_TYPE, ...headers }, ...body };
  }
  const accept: Record<string, string> = procedure.type === "subscription" ? { accept: "text/event-stream" } : {};
  const query = text === undefined ? "" : `?input=${encodeURIComponent(text)}`;
  return { method: "GET", path: `/trpc/${path}${query}`, headers: { ...accept, ...headers } };
}

/** The REST route of a procedure, as in `GET /products/{id}`; undefined if it has none. */
export function restLine({ rest }: AnyProcedure): string | undefined {
  return typeof rest === "object" && rest !== null ? (rest as { readonly route: string }).route : rest;
}

/** A path contains text. Other values are written as JSON, because a random object may have a `toString` that throws. */
function toText(value: unknown): string {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}

function restRequest({ path, procedure }: NamedProcedure, input: unknown, headers: Readonly<Record<string, string>>): WrittenRequest {
  const [method, template] = (restLine(procedure) ?? `GET /${path}`).split(" ") as [string, string];
  const fields = new Map(Object.entries((typeof input === "object" && input !== null ? input : {}) as Record<string, unknown>));
  const place = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = fields.get(name);
    fields.delete(name);
    return encodeURIComponent(wellFormed(toText(value)));
  });
  if (method === "GET" || method === "DELETE") {
    const query = new URLSearchParams([...fields].flatMap(([name, value]) => queryPairs(name, value))).toString();
    return { method, path: query === "" ? place : `${place}?${query}`, headers };
  }
  const isObject = typeof input === "object" && input !== null && !Array.isArray(input);
  const body = isObject ? JSON.stringify(Object.fromEntries(fields)) : JSON.stringify(input);
  return { method, path: place, headers: { ...JSON_TYPE, ...headers }, ...(body === undefined ? {} : { body }) };
}

function queryPairs(name: string, value: unknown): [string, string][] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((item) => queryPairs(name, item));
  return [[name, typeof value === "object" ? JSON.stringify(value) : String(value)]];
}

/** Replaces lone surrogates: a URL cannot contain them. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString("utf8");
}

function hasSecondFrame(text: string): boolean {
  return text.split("\n\n").length > 2;
}

/** Reads the first frame after the greeting. */
function readFrames(text: string): Pick<PublicAnswer, "code" | "data"> {
  const frame = text.split("\n\n")[1] ?? "";
  const event = /^event: (.*)$/m.exec(frame)?.[1];
  const data = parse(/^data: (.*)$/m.exec(frame)?.[1] ?? "");
  if (event === "serialized-error") return { code: String((data as TrpcError).data?.code), data: (data as TrpcError).data?.details };
  return { code: "OK", data };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
