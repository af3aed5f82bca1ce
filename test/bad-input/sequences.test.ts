import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { contracts } from "#contracts";
import type { Order } from "#contracts/orders";
import { callPublic, PUBLIC_WAYS, type PublicAnswer, type PublicWay, readAnswer, sendWritten, writeCall } from "../subject/public-call.ts";
import { type ShopUnderAttack, startShopUnderAttack } from "./shop-under-attack.ts";

const PLACE = { path: "orders.place", procedure: contracts.orders.procedures.place };
const PATCH = { path: "catalog.products.patch", procedure: contracts.catalog.procedures.products.patch };
const SIGN_IN = { path: "users.signIn", procedure: contracts.users.procedures.signIn };

/** Bad input that consists of several requests, or of a part of one. */
describe.each(["together", "apart"] as const)("%s", (topology) => {
  let under: ShopUnderAttack;
  beforeAll(async () => {
    under = await startShopUnderAttack(topology);
  });
  afterAll(() => under.close());

  const ofOne = (quantity = 1) => ({ lines: [{ productId: under.facts.productId, quantity }] });
  const place = (way: PublicWay, key: string, input: unknown = ofOne()): Promise<PublicAnswer> =>
    callPublic(under.shop.url, way, PLACE, input, { ...under.headersOf("user"), "idempotency-key": key });
  const settled = (answer: PublicAnswer): Promise<Order> => under.shop.settled(answer.data as Order);

  /** Sends the head of a request and a part of its body, on a new socket. */
  const begin = (way: PublicWay, announcedBytes: number, body: string) => {
    const { method, path, headers } = writeCall(way, PLACE, {}, under.headersOf("user"));
    const { hostname, port } = new URL(under.shop.url);
    const socket = connect({ host: hostname, port: Number(port) });
    const lines = Object.entries({ host: "shop", ...headers, "content-length": String(announcedBytes) }).map(([name, text]) => `${name}: ${text}`);
    socket.write([`${method} ${path} HTTP/1.1`, ...lines, "", body].join("\r\n"));
    return socket;
  };

  describe.each(PUBLIC_WAYS)("by %s", (way) => {
    it("a client that goes away in the middle of its body is not served", async () => {
      under.entries.forget();
      const { edge } = under.shop.processes[0] ?? {};
      const socket = begin(way, 100, '{"lines":');
      await under.shop.until(() => edge?.inFlightCount === 1);
      socket.destroy();
      await under.shop.until(() => edge?.inFlightCount === 0);
      expect(under.entries.total).toBe(0);
    });

    it("a client that goes away while its transaction is open leaves nothing behind", async () => {
      await under.rows.changes();
      const held = under.entries.hold(PLACE.path);
      const body = JSON.stringify(ofOne());
      const socket = begin(way, Buffer.byteLength(body), body);
      await held.entered;
      socket.destroy();
      await held.cancelled;
      held.release();
      await under.shop.until(() => under.isIdle());
      expect(await under.rows.changes()).toEqual({});
    });

    it("a key whose call is running gets 409, and then has one effect and one answer", async () => {
      const key = randomUUID();
      const held = under.entries.hold(PLACE.path);
      const first = place(way, key);
      await held.entered;
      const second = await place(way, key);
      held.release();
      const [answer, again] = [await first, await place(way, key)];
      expect({ second: [second.status, second.code], first: answer.code }).toEqual({ second: [409, "KEY_IN_FLIGHT"], first: "OK" });
      expect(again.data).toEqual(answer.data);
      expect(await under.ordersOf(answer.data as Order)).toBe(1);
      await settled(answer);
    });

    it("a key that comes again with another input gets 422, and has no effect", async () => {
      const key = randomUUID();
      const first = await place(way, key);
      await settled(first);
      under.entries.forget();
      const { status, code } = await place(way, key, ofOne(2));
      expect({ status, code, entered: under.entries.of(PLACE.path) }).toEqual({ status: 422, code: "KEY_REUSED", entered: 0 });
    });

    it("a stale version gets 409 with the current one", async () => {
      const { id, version } = await under.shop.addProduct(1);
      const patch = (priceCents: number) => callPublic(under.shop.url, way, PATCH, { id, version, priceCents }, under.headersOf("admin"));
      expect(await patch(1)).toMatchObject({ status: 200, data: { version: version + 1 } });
      expect(await patch(2)).toMatchObject({ status: 409, code: "CONFLICT", data: { version: version + 1 } });
    });

    it("an unknown address gets the same answer as a wrong password", async () => {
      const attempt = (email: string) => callPublic(under.shop.url, way, SIGN_IN, { email, password: "wrong password" });
      const [unknown, known] = [await attempt(`${randomUUID()}@example.test`), await attempt(under.facts.email)];
      expect(unknown.status).toBe(401);
      expect([unknown.status, unknown.text]).toEqual([known.status, known.text]);
    });
  });

  it("a body that never ends gets 408, and its connection is closed", async () => {
    under.entries.forget();
    const hear = async (way: PublicWay): Promise<string> => {
      let text = "";
      for await (const chunk of begin(way, 100, '{"lines":')) text += String(chunk);
      return text;
    };
    for (const text of await Promise.all(PUBLIC_WAYS.map(hear))) expect(text).toMatch(/^HTTP\/1\.1 408 [\s\S]*REQUEST_TIMEOUT/);
    expect(under.entries.total).toBe(0);
  });

  it("a batch has one key for each call", async () => {
    const keys = [randomUUID(), randomUUID()];
    const send = () =>
      sendWritten(under.shop.url, {
        method: "POST",
        path: `/trpc/${PLACE.path},${PLACE.path}?batch=1`,
        headers: { "content-type": "application/json", ...under.headersOf("user"), "idempotency-key": keys.join() },
        body: JSON.stringify({ 0: ofOne(), 1: ofOne(2) }),
      });
    const [first, again] = [await send(), await send()];
    expect(first.status).toBe(200);
    expect(again.text).toBe(first.text);
    const orders = (JSON.parse(first.text) as { result: { data: Order } }[]).map(({ result }) => result.data);
    expect(new Set(orders.map(({ id }) => id)).size).toBe(2);
    for (const order of orders) await under.shop.settled(order);
  });

  it("a stale If-Match gets 412 with the current version", async () => {
    const { id, version } = await under.shop.addProduct(1);
    const patch = async (priceCents: number) => {
      const request = writeCall("rest", PATCH, { id, priceCents }, { ...under.headersOf("admin"), "if-match": `"${version}"` });
      return readAnswer("rest", await sendWritten(under.shop.url, request));
    };
    expect(await patch(1)).toMatchObject({ status: 200, data: { version: version + 1 } });
    expect(await patch(2)).toMatchObject({ status: 412, code: "CONFLICT", data: { version: version + 1 } });
  });

  it("of fifty buyers of the last item, half by each way, one gets it and the others get OUT_OF_STOCK", async () => {
    const { id: productId } = await under.shop.addProduct(1);
    const customers = (await under.shop.admin.call.users.list({ limit: 50, role: "user" })).items;
    const placed = await Promise.all(
      customers.map(async ({ id }, index) => {
        const { token } = await under.shop.tokens.issue({ kind: "user", id, roles: ["user"] });
        const headers = { authorization: `Bearer ${token}`, "idempotency-key": randomUUID() };
        return callPublic(under.shop.url, PUBLIC_WAYS[index % 2] as PublicWay, PLACE, { lines: [{ productId, quantity: 1 }] }, headers);
      }),
    );
    const orders = await Promise.all(placed.map(settled));
    const outcomes = orders.map(({ status, reason }) => reason?.code ?? status).sort();
    expect(outcomes).toEqual([...Array<string>(49).fill("OUT_OF_STOCK"), "confirmed"]);
    expect(await under.shop.stockOf(productId)).toBe(0);
  });
});
