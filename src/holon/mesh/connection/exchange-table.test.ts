import { describe, expect, it } from "vitest";
import { EXCHANGE_COUNT, ExchangeTable } from "./exchange-table.ts";

const open = (table: ExchangeTable<{ id: number }>): { id: number } => {
  const exchange = { id: table.takeId() };
  table.put(exchange);
  return exchange;
};

const close = (table: ExchangeTable<{ id: number }>, exchange: { id: number }): void => {
  table.remove(exchange);
  table.release(exchange.id);
};

describe("ExchangeTable", () => {
  it("finds an open exchange by its id", () => {
    const table = new ExchangeTable<{ id: number }>();
    const [one, two] = [open(table), open(table)];
    expect([table.get(one.id), table.get(two.id), table.size]).toEqual([one, two, 2]);
  });

  it("uses the place of a removed exchange again under another id", () => {
    const table = new ExchangeTable<{ id: number }>();
    const first = open(table);
    close(table, first);
    const second = open(table);
    expect(second.id).toBe(first.id + EXCHANGE_COUNT);
    expect(table.get(first.id)).toBeUndefined();
  });

  it("keeps ids small however often a place is used", () => {
    const table = new ExchangeTable<{ id: number }>();
    let greatest = 0;
    for (let round = 0; round < 40_000; round++) {
      const exchange = open(table);
      greatest = Math.max(greatest, exchange.id);
      close(table, exchange);
    }
    expect(greatest).toBeLessThan(2 ** 30);
  });

  it("removes an exchange once", () => {
    const table = new ExchangeTable<{ id: number }>();
    const exchange = open(table);
    expect([table.remove(exchange), table.remove(exchange), table.size]).toEqual([true, false, 0]);
  });

  it("lists the open exchanges", () => {
    const table = new ExchangeTable<{ id: number }>();
    const [one, two] = [open(table), open(table)];
    close(table, one);
    expect(table.all()).toEqual([two]);
  });
});
