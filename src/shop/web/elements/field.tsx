import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, useId } from "react";

interface FieldParts {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly fault?: string | undefined;
}

type Described = (attributes: {
  readonly id: string;
  readonly "aria-describedby": string | undefined;
  readonly "aria-invalid": true | undefined;
}) => ReactNode;

/** A label with its control, hint and fault, linked with each other for screen readers. */
function Labelled({ label, hint, fault, control }: FieldParts & { readonly control: Described }) {
  const id = useId();
  const [hintId, faultId] = [`${id}-hint`, `${id}-fault`];
  const describedBy = [hint === undefined ? "" : hintId, fault === undefined ? "" : faultId].filter(Boolean).join(" ");
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {control({ id, "aria-describedby": describedBy || undefined, "aria-invalid": fault === undefined ? undefined : true })}
      {hint === undefined ? null : (
        <p className="hint" id={hintId}>
          {hint}
        </p>
      )}
      {fault === undefined ? null : (
        <p className="fault" id={faultId}>
          {fault}
        </p>
      )}
    </div>
  );
}

/** An input with its label. */
export function TextField({ label, hint, fault, ...input }: FieldParts & InputHTMLAttributes<HTMLInputElement>) {
  return <Labelled label={label} hint={hint} fault={fault} control={(attributes) => <input type="text" {...input} {...attributes} />} />;
}

/** A select with its label. */
export function SelectField({ label, hint, fault, children, ...select }: FieldParts & SelectHTMLAttributes<HTMLSelectElement>) {
  const control: Described = (attributes) => (
    <select {...select} {...attributes}>
      {children}
    </select>
  );
  return <Labelled label={label} hint={hint} fault={fault} control={control} />;
}

/** A checkbox with its label. */
export function CheckField({ label, ...input }: { readonly label: string } & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <label className="check">
      <input type="checkbox" {...input} />
      {label}
    </label>
  );
}
