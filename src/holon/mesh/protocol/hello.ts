import { isUnicode } from "../../kernel/index.ts";
import { FRAME, FRAME_END, type Frame } from "./frame-kind.ts";

/** What a caller says first. */
export interface CallerHello {
  /** Name of the process, for the log. */
  readonly process: string;
  /** The contexts it calls for, and `edge`; a call names one of them by its place. */
  readonly callers: readonly string[];
  /** Greatest frame that it takes. */
  readonly frameBytes: number;
  /** What it understands beyond `holon-mesh/1`; a process from before features lists none. */
  readonly features?: readonly string[];
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
  readonly features?: readonly string[];
  readonly procedures: readonly OfferedProcedure[];
}

/** A greeting as a frame. */
export function toHelloFrame(hello: CallerHello | CalleeHello): string {
  return `[${FRAME.HELLO},${JSON.stringify(hello)}]${FRAME_END}`;
}

/** Most names in a list of a greeting, and the longest text in it: a peer's greeting is kept and logged. */
const NAMES_COUNT = 1_000;
const TEXT_LENGTH = 300;
/** Most procedures that a greeting lists. */
const PROCEDURES_COUNT = 100_000;

/** The caller's greeting; undefined where the frame is not one. Members that are unknown here are left alone. */
export function parseCallerHello(frame: Frame): CallerHello | undefined {
  const hello = bodyOf(frame);
  if (hello === undefined || !isNames(hello.callers)) return undefined;
  const procedures = hello.procedures;
  if (typeof procedures !== "object" || procedures === null) return undefined;
  const hashes: unknown[] = Object.values(procedures);
  return hashes.length <= PROCEDURES_COUNT && hashes.every(isText) ? (hello as unknown as CallerHello) : undefined;
}

/** The callee's greeting; undefined where the frame is not one. Members that are unknown here are left alone. */
export function parseCalleeHello(frame: Frame): CalleeHello | undefined {
  const hello = bodyOf(frame);
  if (hello === undefined || !isNames(hello.contexts)) return undefined;
  const procedures = hello.procedures;
  if (!Array.isArray(procedures) || procedures.length > PROCEDURES_COUNT || !procedures.every(isOffered)) return undefined;
  return hello as unknown as CalleeHello;
}

function bodyOf(frame: Frame): Record<string, unknown> | undefined {
  const body = frame[1];
  if (frame[0] !== FRAME.HELLO || typeof body !== "object" || body === null) return undefined;
  const hello = body as Record<string, unknown>;
  if (!isText(hello.process) || typeof hello.frameBytes !== "number" || hello.frameBytes < 1) return undefined;
  return hello.features === undefined || isNames(hello.features) ? hello : undefined;
}

function isOffered(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { path, hash } = value as Record<string, unknown>;
  return isText(path) && isText(hash);
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.length <= NAMES_COUNT && value.every(isText);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= TEXT_LENGTH && isUnicode(value);
}
