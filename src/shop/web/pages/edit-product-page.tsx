import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { isHolonCode } from "holon/client";
import { useState } from "react";
import { type Product, useTRPC } from "../api.ts";
import { useAnnounce } from "../elements/announcements.tsx";
import { EditConflict } from "../elements/edit-conflict.tsx";
import { Failure, Loading } from "../elements/notice.tsx";
import { Page } from "../elements/page.tsx";
import { dataOf } from "../errors/sentence.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/paths.ts";
import { NotFoundPage } from "./not-found-page.tsx";
import { conflictOf, type ProductFacts } from "./product-facts.ts";
import { ProductForm } from "./product-form.tsx";
import { Restock } from "./restock.tsx";

/** The page that edits an existing product. */
export function EditProductPage({ id }: { readonly id: string }) {
  const trpc = useTRPC();
  // The form starts from the saved product, not from a cached one.
  const { data, error, refetch, isFetchedAfterMount } = useQuery(trpc.catalog.products.get.queryOptions({ id }, { staleTime: 0 }));
  if (["NOT_FOUND", "BAD_REQUEST"].includes(dataOf(error).code ?? "")) return <NotFoundPage />;
  if (data === undefined || !isFetchedAfterMount) {
    return (
      <Page title="Edit a product">{error === null ? <Loading what="the product" /> : <Failure error={error} onRetry={() => void refetch()} />}</Page>
    );
  }
  return (
    <Page title={`Edit ${data.name}`} className="form-page" aside={<Link to={paths.product(id)}>See it in the shop</Link>}>
      <ProductEditor product={data} />
      <Restock product={data} />
    </Page>
  );
}

interface Editing {
  /** The product from which the edit started; its version is sent with the save. */
  readonly base: Product;
  readonly mine: ProductFacts;
  /** The product as it is saved now, if it was changed after `base` was read; otherwise undefined. */
  readonly theirs: Product | undefined;
}

/**
 * Edits a product by its version.
 *
 *   editing --(saved)--> editing, from the new version
 *   editing --(CONFLICT)--> conflict: both states are shown, and the edit is not saved
 *   conflict --(take the saved values)--> editing, from the saved state
 *   conflict --(overwrite)--> saved over that state: editing, from the new version; or CONFLICT: conflict again
 */
function ProductEditor({ product }: { readonly product: Product }) {
  // Later changes in the cache are ignored: if the form took over a newer version, the conflict would not be noticed.
  const trpc = useTRPC();
  const announce = useAnnounce();
  const queryClient = useQueryClient();
  const [{ base, mine, theirs }, setEditing] = useState<Editing>({ base: product, mine: product, theirs: undefined });
  const queryKey = trpc.catalog.products.get.queryKey({ id: product.id });
  const readTheirs = () => queryClient.fetchQuery(trpc.catalog.products.get.queryOptions({ id: product.id }, { staleTime: 0 }));
  const { mutate, error, isPending, reset } = useMutation(
    trpc.catalog.products.update.mutationOptions({
      onSuccess: (saved) => {
        queryClient.setQueryData(queryKey, saved);
        void queryClient.invalidateQueries({ queryKey: trpc.catalog.pathKey() });
        setEditing({ base: saved, mine: saved, theirs: undefined });
        announce(`${saved.name} is saved.`);
      },
      onError: async (failure) => {
        if (!isHolonCode(failure, "CONFLICT")) return;
        const current = await readTheirs();
        setEditing((editing) => ({ ...editing, theirs: current }));
      },
    }),
  );
  const save = (facts: ProductFacts, { version }: Pick<Product, "version">): void => {
    setEditing((editing) => ({ ...editing, mine: facts }));
    mutate({ id: product.id, version, ...facts });
  };
  if (theirs !== undefined) {
    const takeTheirs = (): void => {
      reset();
      setEditing({ base: theirs, mine: theirs, theirs: undefined });
      announce("The form shows what is saved now.");
    };
    return (
      <EditConflict
        key={theirs.version}
        noun="product"
        fields={conflictOf(mine, theirs)}
        isBusy={isPending}
        onTakeTheirs={takeTheirs}
        onOverwrite={() => save(mine, theirs)}
      />
    );
  }
  const shown = isHolonCode(error, "CONFLICT") ? null : error;
  return <ProductForm key={base.version} facts={mine} error={shown} isBusy={isPending} action="Save" onSave={(facts) => save(facts, base)} />;
}
