import { useMutation, useQueryClient } from "@tanstack/react-query";
import { isHolonCode } from "holon/client";
import { useState } from "react";
import { useTRPC } from "../api.ts";
import { newKey } from "../cart/order-attempt.ts";
import { useAnnounce } from "../elements/announcements.tsx";
import { TextField } from "../elements/field.tsx";
import { Page } from "../elements/page.tsx";
import { navigate } from "../router/location.ts";
import { paths } from "../router/paths.ts";
import { ProductForm } from "./product-form.tsx";

/** Adds a product to the catalog. */
export function NewProductPage() {
  const trpc = useTRPC();
  const announce = useAnnounce();
  const queryClient = useQueryClient();
  const [idempotencyKey, setKey] = useState(newKey);
  const create = useMutation(
    trpc.catalog.products.create.mutationOptions({
      trpc: { context: { idempotencyKey } },
      onSuccess: ({ id, name }) => {
        void queryClient.invalidateQueries({ queryKey: trpc.catalog.pathKey() });
        navigate(paths.adminProduct(id), { replace: true });
        announce(`${name} is in the catalog.`);
      },
      // A retry uses the same key, because the answer may have been lost. KEY_REUSED says that the form has changed since then, so the next attempt gets a new
      // key.
      onError: (error) => {
        if (isHolonCode(error, "KEY_REUSED")) setKey(newKey());
      },
    }),
  );
  return (
    <Page title="New product" className="form-page">
      <ProductForm
        facts={undefined}
        error={create.error}
        isBusy={create.isPending}
        action="Add to the catalog"
        onSave={(facts, form) => create.mutate({ ...facts, stock: Math.trunc(Number(form.get("stock"))) || 0 })}
      >
        <TextField label="Pieces in stock" name="stock" type="number" min={0} max={1_000_000} step={1} defaultValue={0} required />
      </ProductForm>
    </Page>
  );
}
