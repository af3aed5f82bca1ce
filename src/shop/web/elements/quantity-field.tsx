import { GREATEST_QUANTITY } from "../cart/cart.ts";

interface QuantityFieldProps {
  /** The name of the product whose pieces are counted. */
  readonly name: string;
  readonly value: number;
  readonly onChange: (quantity: number) => void;
}

/** A number of pieces, with a button on each side. */
export function QuantityField({ name, value, onChange }: QuantityFieldProps) {
  const change = (quantity: number): void => onChange(Math.min(Math.max(1, Math.trunc(quantity) || 1), GREATEST_QUANTITY));
  return (
    <span className="quantity">
      <button type="button" aria-label={`One ${name} less`} disabled={value <= 1} onClick={() => change(value - 1)}>
        −
      </button>
      <input
        type="number"
        inputMode="numeric"
        aria-label={`Pieces of ${name}`}
        min={1}
        max={GREATEST_QUANTITY}
        value={value}
        onChange={(event) => change(event.target.valueAsNumber)}
      />
      <button type="button" aria-label={`One ${name} more`} disabled={value >= GREATEST_QUANTITY} onClick={() => change(value + 1)}>
        +
      </button>
    </span>
  );
}
