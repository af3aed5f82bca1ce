import { useQuery } from "@tanstack/react-query";
import { isHolonCode } from "holon/client";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTRPC } from "../api.ts";
import { CheckField, SelectField, TextField } from "../elements/field.tsx";
import { Notice } from "../elements/notice.tsx";
import { fieldFaults, sentenceOf } from "../errors/sentence.ts";
import { toPriceText } from "../money.ts";
import { factsOf, type ProductFacts } from "./product-facts.ts";

interface ProductFormProps {
  /** The values that the form starts with; undefined for a new product. */
  readonly facts: ProductFacts | undefined;
  readonly error: unknown;
  readonly isBusy: boolean;
  readonly action: string;
  /** Additional fields. `onSave` gets their values in `form`. */
  readonly children?: ReactNode;
  readonly onSave: (facts: ProductFacts, form: FormData) => void;
}

/** The form of a product, new or existing. */
export function ProductForm({ facts, error, isBusy, action, children, onSave }: ProductFormProps) {
  const trpc = useTRPC();
  const categories = useQuery(trpc.catalog.categories.list.queryOptions()).data?.items ?? [];
  const [isPriceBad, setPriceBad] = useState(false);
  const faults = fieldFaults(error);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const given = factsOf(form);
    setPriceBad(given === undefined);
    if (given !== undefined) onSave(given, form);
  };
  const names = categories.map(({ name }) => name);
  const known = facts === undefined || names.includes(facts.category) ? names : [facts.category, ...names];
  return (
    <form className="panel" onSubmit={submit}>
      {error === null ? null : <Notice kind="error">{productSentence(error)}</Notice>}
      <TextField label="Name" name="name" required maxLength={100} defaultValue={facts?.name} fault={faults["name"]} />
      {/* The key makes a new select when the options have loaded, because a select uses its default value only on its first render. */}
      <SelectField key={known.length} label="Category" name="category" required defaultValue={facts?.category} fault={faults["category"]}>
        {known.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </SelectField>
      <TextField
        label="Unit"
        name="quantityPerUnit"
        required
        maxLength={100}
        defaultValue={facts?.quantityPerUnit}
        hint="For example: 24 - 12 oz bottles."
        fault={faults["quantityPerUnit"]}
      />
      <TextField
        label="Price"
        name="price"
        required
        inputMode="decimal"
        defaultValue={facts === undefined ? undefined : toPriceText(facts.priceCents)}
        fault={isPriceBad ? "Write a price such as 18.50." : faults["priceCents"]}
      />
      <CheckField label="Discontinued: sold while there is stock" name="discontinued" defaultChecked={facts?.discontinued} />
      {children}
      <button type="submit" className="button primary" disabled={isBusy}>
        {isBusy ? "Saving…" : action}
      </button>
    </form>
  );
}

function productSentence(error: unknown): string {
  if (isHolonCode(error, "UNKNOWN_CATEGORY")) {
    const { category } = error.data.details as { readonly category: string };
    return `There is no category ${category} any more.`;
  }
  return sentenceOf(error);
}
