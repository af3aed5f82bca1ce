import { contract, event, mutation, query, subscription } from "holon/contract";
import { z } from "zod";
import { byRest } from "./by-rest.ts";
import { Data, Hop, Tag } from "./shapes.ts";

const inTag = { access: "public", input: Tag } as const;
const Row = z.object({ id: z.uuid(), name: z.string(), amount: z.int() });

/** Procedures that fail; {@link import("../beta/errors.ts").THROWN} has the error of each. */
const errors = {
  now: query({ access: "public", input: z.object({ what: z.string() }), output: z.string(), errors: declaredErrors(), statuses: { TEAPOT: 418 } }),
  later: query({ access: "public", input: z.object({ what: z.string() }), output: z.string(), errors: declaredErrors(), statuses: { TEAPOT: 418 } }),
  failed: query({ access: "public", input: z.object({ code: z.enum(["NOT_FOUND", "CONFLICT", "FORBIDDEN", "UNAUTHORIZED"]) }), errors: {} }),
  badAnswer: query({ access: "public", input: z.object({ async: z.boolean() }), output: z.object({ n: z.int() }) }),
  same: query({ access: "public", errors: { KEPT: Data } }),
};

function declaredErrors() {
  return {
    OUT_OF_STOCK: z.object({ available: z.int(), note: z.string().optional(), lines: z.array(z.object({ sku: z.string() })).optional() }),
    TEAPOT: z.null(),
    PLAIN: z.string(),
    PRECONDITION: z.object({ version: z.int() }),
  };
}

const sharing = {
  keep: mutation({ access: "public", input: z.object({ tag: z.string(), data: Data }), output: Data }),
  constant: query({ access: "public", output: Data }),
  refuse: query({ ...inTag, errors: { KEPT: Data } }),
  refuseCommonly: query({ ...inTag }),
  items: subscription({ ...inTag, output: Data }),
  defaults: query({ access: "public", input: z.object({ list: z.array(z.int()).default(() => []) }), output: z.array(z.int()) }),
  promote: mutation({ access: "user" }),
};

const access = {
  public: accessTrio("public"),
  user: accessTrio("user"),
  admin: accessTrio({ role: "admin" }),
  internal: accessTrio("internal"),
};

function accessTrio<const Allowed extends "public" | "user" | "internal" | { readonly role: string }>(allowed: Allowed) {
  return {
    ask: query({ access: allowed, input: Tag, output: z.string() }),
    act: mutation({ access: allowed, input: Tag, output: z.string() }),
    follow: subscription({ access: allowed, input: Tag, output: z.string() }),
  };
}

const rows = {
  get: query({ access: "public", input: z.object({ owner: z.string() }), output: z.string() }),
  read: query({ access: "public", input: z.object({ owner: z.string() }), output: z.object({ owner: z.string() }) }),
  touch: mutation({ access: "public", input: z.object({ tag: z.string(), owner: z.string() }), output: z.string() }),
  broken: query({ access: "public", output: z.string() }),
  watch: subscription({ access: "public", input: z.object({ owner: z.string() }), output: z.string() }),
};

const feeds = {
  count: subscription({
    access: "public",
    input: z.object({ tag: z.string(), to: z.int() }),
    output: z.object({ n: z.int() }),
    errors: { OVER: z.object({ at: z.int() }) },
  }),
  nothing: subscription({ ...inTag, output: z.int() }),
  endless: subscription({ ...inTag, output: z.int() }),
  silent: subscription({ ...inTag, output: z.int() }),
  signalled: subscription({ ...inTag, output: z.int() }),
  waiting: subscription({ ...inTag, output: z.int() }),
  refusing: subscription({ ...inTag, output: z.int(), errors: { OVER: z.object({ at: z.int() }) } }),
  broken: subscription({ ...inTag, output: z.int() }),
  brokenAtOnce: subscription({ ...inTag, output: z.int() }),
  refusingAtOnce: subscription({ ...inTag, output: z.int() }),
  badSql: subscription({ ...inTag, output: z.int() }),
  badItem: subscription({ ...inTag, output: z.int() }),
  shaped: subscription({ ...inTag, output: z.object({ a: z.number(), b: z.string().optional(), c: z.string().trim() }) }),
  large: subscription({ access: "public", input: z.object({ chars: z.int(), items: z.int() }), output: z.string() }),
  members: subscription({ access: "user", ...{ input: Tag }, output: z.string() }),
};

const live = {
  add: mutation({ access: "public", input: z.object({ tag: z.string(), amount: z.int() }) }),
  watch: subscription({
    access: "public",
    input: z.object({ tag: z.string(), most: z.int(), lastEventId: z.string().optional() }),
    output: z.object({ amount: z.int(), note: z.string() }),
    resumable: true,
  }),
};

const keys = {
  add: mutation({
    access: "public",
    idempotent: true,
    input: z.object({ tag: z.string(), amount: z.int() }),
    output: Row,
    errors: { REFUSED: z.null() },
  }),
  addMore: mutation({ access: "public", idempotent: true, input: z.object({ tag: z.string(), amount: z.int() }), output: Row }),
  addSilently: mutation({ access: "public", idempotent: true, input: z.object({ tag: z.string(), amount: z.int() }) }),
  addForNull: mutation({ access: "public", idempotent: true, input: z.object({ tag: z.string(), amount: z.int() }), output: z.string().nullable() }),
  chargeForNull: mutation({
    access: "public",
    idempotent: true,
    input: z.object({ tag: z.string(), amount: z.int() }),
    output: z.string().nullable(),
  }),
  addWrongly: mutation({ access: "public", idempotent: true, input: z.object({ tag: z.string(), amount: z.int() }), output: Row }),
  charge: mutation({
    access: "public",
    idempotent: true,
    input: z.object({ tag: z.string(), amount: z.int() }),
    output: Row,
    errors: { DECLINED: z.null() },
  }),
  addSlowly: mutation({ access: "public", idempotent: true, input: z.object({ tag: z.string(), amount: z.int() }), output: Row }),
  chargeSlowly: mutation({ access: "public", idempotent: true, input: z.object({ tag: z.string(), amount: z.int() }), output: Row }),
  chargeWithoutTransaction: mutation({ access: "public", idempotent: true, input: z.object({ tag: z.string() }), output: z.string() }),
  chargeTwice: mutation({ access: "public", idempotent: true, input: z.object({ tag: z.string() }), output: z.string() }),
  rows: query({ ...inTag, output: z.array(z.object({ name: z.string(), amount: z.int() })) }),
};

const tx = {
  commit: mutation({ ...inTag, output: Row }),
  refuse: mutation({ ...inTag, errors: { REFUSED: z.null() } }),
  breakAfter: mutation({ ...inTag }),
  badEvent: mutation({ ...inTag }),
  badJob: mutation({ ...inTag }),
  hugeEvent: mutation({ ...inTag }),
  callInside: mutation({ ...inTag }),
  callInsideAsSystem: mutation({ ...inTag }),
  callInsideCaught: mutation({ ...inTag, output: z.string() }),
  callAfter: mutation({ ...inTag, output: z.string() }),
  nested: mutation({ ...inTag }),
  twoInTurn: mutation({ ...inTag, output: z.int() }),
  unique: mutation({ access: "public", input: z.object({ tag: z.string(), name: z.string() }), output: z.string() }),
  check: mutation({ ...inTag }),
  badSql: mutation({ ...inTag }),
  swallow: mutation({ ...inTag, output: z.string() }),
  prepared: query({ access: "public", input: z.object({ tag: z.string(), name: z.string() }), output: z.array(z.int()) }),
  rows: query({ ...inTag, output: z.array(z.string()) }),
  writeOutside: query({ access: "public", output: z.array(z.string()) }),
};

const Acts = z.object({
  tag: z.string(),
  before: z.array(z.enum(["commit", "rollBack", "read", "call", "refusedCall", "callAlongside", "ask"])),
  end: z.enum(["lock", "refuse"]),
});

const executed = {
  act: mutation({ access: "public", input: Acts, errors: { REFUSED: z.null() } }),
  actOnce: mutation({ access: "public", idempotent: true, input: Acts, errors: { REFUSED: z.null() } }),
  charge: mutation({ access: "public", idempotent: true, input: Acts, errors: { REFUSED: z.null() } }),
};

const load = {
  double: query({ access: "public", input: z.object({ n: z.int() }), output: z.object({ n: z.int() }) }),
  doubleLater: query({ access: "public", input: z.object({ n: z.int() }), output: z.object({ n: z.int() }) }),
  hold: query({ ...inTag, output: z.string() }),
  answer: query({ access: "public", input: z.object({ chars: z.int() }), output: z.object({ text: z.string() }) }),
  measure: query({ access: "public", input: z.object({ text: z.string() }), output: z.int() }),
  details: query({ access: "public", input: z.object({ chars: z.int() }), errors: { LARGE: z.object({ text: z.string() }) } }),
};

const time = {
  hang: query({ ...inTag, output: z.string() }),
  lateWork: mutation({ ...inTag }),
  spin: query({ access: "public", input: z.object({ tag: z.string(), deadlineMs: z.int() }), output: z.string() }),
  remaining: query({ access: "public", output: z.number() }),
};

/** The called context of most cases. */
export const beta = contract("beta", {
  procedures: byRest("beta", {
    errors,
    sharing,
    access,
    rows,
    feeds,
    live,
    keys,
    tx,
    executed,
    load,
    time,
    chain: { trace: query({ access: "public", output: z.array(Hop) }), sleep: query({ ...inTag }), hang: query({ ...inTag }) },
  }),
  events: {
    itemAdded: event(z.object({ tag: z.string(), amount: z.int().min(0), note: z.string().default("none") }), { orderedBy: "tag" }),
    itemSeen: event(z.object({ tag: z.string(), text: z.string().optional() })),
  },
});
