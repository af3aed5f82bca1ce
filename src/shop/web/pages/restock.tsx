import { useMutation, useQueryClient } from "@tanstack/react-query";
import { isHolonCode } from "holon/client";
import { type FormEvent, useState } from "react";
import { type Product, useTRPC } from "../api.ts";
import { newKey } from "../cart/order-attempt.ts";
import { useAnnounce } from "../elements/announcements.tsx";
import { TextField } from "../elements/field.tsx";
import { Failure } from "../elements/notice.tsx";

/** Adds pieces to the stock of a product. A retry uses the same key, so that nothing is added twice if an answer was lost. */
export function Restock({ product: { id, name, stock } }: { readonly product: Product }) {
  const trpc = useTRPC();
  const announce = useAnnounce();
  const queryClient = useQueryClient();
  const [idempotencyKey, setKey] = useState(newKey);
  const restock = useMutation(
    trpc.catalog.stock.restock.mutationOptions({
      trpc: { context: { idempotencyKey } },
      onSuccess: (_done, { lines }) => {
        setKey(newKey());
        announce(`${lines[0]?.quantity} × ${name} are added to the stock.`);
        void queryClient.invalidateQueries({ queryKey: trpc.catalog.pathKey() });
      },
      onError: (error) => {
        if (isHolonCode(error, "KEY_REUSED")) setKey(newKey());
      },
    }),
  );
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const quantity = Math.trunc(Number(new FormData(event.currentTarget).get("quantity")));
    if (!restock.isPending) restock.mutate({ lines: [{ productId: id, quantity }] });
  };
  return (
    <section className="panel" aria-label="Stock">
      <h2>Stock: {stock}</h2>
      {restock.error === null ? null : <Failure error={restock.error} />}
      <form className="inline-form" onSubmit={submit}>
        <TextField label="Pieces to add" name="quantity" type="number" min={1} max={10_000} step={1} defaultValue={10} required />
        <button type="submit" className="button" disabled={restock.isPending}>
          Add to the stock
        </button>
      </form>
    </section>
  );
}
