import { useEffect, useRef } from "react";

/** One field of a row that was changed while the user edited it. */
export interface ConflictField {
  readonly name: string;
  /** The value in the form. */
  readonly mine: string;
  /** The value that is saved now. */
  readonly theirs: string;
}

interface EditConflictProps {
  /** The kind of row, as in "product". */
  readonly noun: string;
  readonly fields: readonly ConflictField[];
  readonly isBusy: boolean;
  readonly onTakeTheirs: () => void;
  readonly onOverwrite: () => void;
}

/** If another edit of a row was saved first, shows both states side by side and lets the user choose. Neither state is lost before the choice. */
export function EditConflict({ noun, fields, isBusy, onTakeTheirs, onOverwrite }: EditConflictProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <section className="conflict" aria-labelledby="conflict-title">
      <h2 id="conflict-title" ref={heading} tabIndex={-1}>
        This {noun} was changed while you edited it
      </h2>
      <p>Your changes are not saved yet. Compare them with what is saved now, and choose.</p>
      <table>
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">Yours</th>
            <th scope="col">Saved now</th>
          </tr>
        </thead>
        <tbody>
          {fields.map(({ name, mine, theirs }) => (
            <tr key={name} className={mine === theirs ? undefined : "differs"}>
              <th scope="row">
                {name}
                {mine === theirs ? null : <span className="visually-hidden"> (differs)</span>}
              </th>
              <td>{mine}</td>
              <td>{theirs}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="conflict-choice">
        <button type="button" className="button" disabled={isBusy} onClick={onTakeTheirs}>
          Take the saved values
        </button>
        <button type="button" className="button danger" disabled={isBusy} onClick={onOverwrite}>
          Overwrite with mine
        </button>
      </div>
    </section>
  );
}
