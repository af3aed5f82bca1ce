import { FRAME, FRAME_END, type Frame } from "./frame-kind.ts";

/** What a caller says first. */
export interface CallerHello {
  /** Name of the process, for the log. */
  readonly process: string;
  /** The contexts it calls for, and `edge`; a call names one of them by its place. */
  readonly callers: readonly string[];
  /** Greatest frame that it takes. */
  readonly frameBytes: number;
  /** The procedures it means to call, with the hash of each as it knows them. */
  readonly procedures: Readonly<Record<string, string>>;
}

/** One procedure that a callee offers; a call names it by its place in the greeting. */
export interface OfferedProcedure {
  readonly path: string;
  readonly hash: string;
  /** What it looks like, where the caller's hash is another. */
  readonly description?: unknown;
}

/** What a callee answers. */
export interface CalleeHello {
  readonly process: string;
  /** The contexts it hosts. */
  readonly contexts: readonly string[];
  readonly frameBytes: number;
  readonly procedures: readonly OfferedProcedure[];
}

/** A greeting as a frame. */
export function toHelloFrame(hello: CallerHello | CalleeHello): string {
  return `[${FRAME.HELLO},${JSON.stringify(hello)}]${FRAME_END}`;
}

/** The caller's greeting; undefined where the frame is none. */
export function parseCallerHello(frame: Frame): CallerHello | undefined {
  const hello = bodyOf(frame);
  if (hello === undefined || !isTexts(hello.callers)) return undefined;
  const procedures = hello.procedures;
  if (typeof procedures !== "object" || procedures === null || !isTexts(Object.values(procedures))) return undefined;
  return hello as unknown as CallerHello;
}

/** The callee's greeting; undefined where the frame is none. */
export function parseCalleeHello(frame: Frame): CalleeHello | undefined {
  const hello = bodyOf(frame);
  if (hello === undefined || !isTexts(hello.contexts)) return undefined;
  const procedures = hello.procedures;
  if (!Array.isArray(procedures) || !procedures.every(isOffered)) return undefined;
  return hello as unknown as CalleeHello;
}

function bodyOf(frame: Frame): Record<string, unknown> | undefined {
  const body = frame[1];
  if (frame[0] !== FRAME.HELLO || typeof body !== "object" || body === null) return undefined;
  const hello = body as Record<string, unknown>;
  return typeof hello.process === "string" && typeof hello.frameBytes === "number" ? hello : undefined;
}

function isOffered(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { path, hash } = value as Record<string, unknown>;
  return typeof path === "string" && typeof hash === "string";
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((member) => typeof member === "string");
}
