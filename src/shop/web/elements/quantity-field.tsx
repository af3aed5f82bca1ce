import { GREATEST_QUANTITY } from "../cart/cart.ts";

interface QuantityFieldProps {
  /** Whose pieces these are. */
  readonly name: string;
  readonly value: number;
  readonly onChange: (quantity: number) => void;
}

/** How many pieces: a number with a button to each side. */
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
