import { isUnicode } from "../../kernel/unicode-text.ts";
import { FRAME, FRAME_END, type Frame } from "./frame-kind.ts";

/** The greeting of a caller: the first frame that it sends. */
export interface CallerHello {
  /** Name of the process, for the log. */
  readonly process: string;
  /** The contexts that the caller calls for, and `edge`. A call names one of them by its index. */
  readonly callers: readonly string[];
  /** The largest frame that the caller accepts. */
  readonly frameBytes: number;
  /** What the caller understands beyond `holon-mesh/1`. A version of the toolkit that had no features yet sends no list. */
  readonly features?: readonly string[];
  /** The procedures that the caller may call, each with the hash that it knows. */
  readonly procedures: Readonly<Record<string, string>>;
}

/** One procedure that a callee offers. A call names it by its index in the greeting. */
export interface OfferedProcedure {
  readonly path: string;
  readonly hash: string;
  /** The description of the procedure, if the caller's hash is different. */
  readonly description?: unknown;
}

/** The greeting of a callee, its answer to {@link CallerHello}. */
export interface CalleeHello {
  readonly process: string;
  /** The contexts that the callee hosts. */
  readonly contexts: readonly string[];
  readonly frameBytes: number;
  readonly features?: readonly string[];
  readonly procedures: readonly OfferedProcedure[];
}

/** A greeting as a frame. */
export function toHelloFrame(hello: CallerHello | CalleeHello): string {
  return `[${FRAME.HELLO},${JSON.stringify(hello)}]${FRAME_END}`;
}

/** The most names in a list of a greeting, and the greatest length of a text in it. They are limited because a peer's greeting is kept and logged. */
const NAMES_COUNT = 1_000;
const TEXT_LENGTH = 300;
/** The most procedures that a greeting may list. */
const PROCEDURES_COUNT = 100_000;

/** Reads the caller's greeting; undefined if the frame is not one. Members that this version does not know are ignored. */
export function parseCallerHello(frame: Frame): CallerHello | undefined {
  const hello = bodyOf(frame);
  if (hello === undefined || !isNames(hello.callers)) return undefined;
  const procedures = hello.procedures;
  if (typeof procedures !== "object" || procedures === null) return undefined;
  const hashes: unknown[] = Object.values(procedures);
  return hashes.length <= PROCEDURES_COUNT && hashes.every(isText) ? (hello as unknown as CallerHello) : undefined;
}

/** Reads the callee's greeting; undefined if the frame is not one. Members that this version does not know are ignored. */
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

/**
 * What this version of the toolkit understands beyond the frames of `holon-mesh/1`. Its greetings list it. A name is never used again for another
 * feature.
 */
export const MESH_FEATURES: readonly string[] = [];

/**
 * What the other end of a connection has announced.
 *
 * Before this process sends a frame or a member that the first `holon-mesh/1` did not have, it must ask here, and only here, whether the
 * peer knows it. An older peer ignores what it does not know: it would wait for an answer that was already given, or miss something that was sent.
 */
export class PeerFeatures {
  readonly #names: ReadonlySet<string>;

  /** A version of the toolkit that had no features yet announces none. */
  constructor(announced: readonly string[] = []) {
    this.#names = new Set(announced);
  }

  has(feature: string): boolean {
    return this.#names.has(feature);
  }
}
