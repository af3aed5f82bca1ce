import { Link } from "../router/link.tsx";

interface PagesProps {
  readonly page: number;
  readonly limit: number;
  readonly total: number;
  readonly addressOf: (page: number) => string;
}

/** Links to the other pages of a list; nothing if the list has one page. */
export function Pages({ page, limit, total, addressOf }: PagesProps) {
  const last = Math.max(1, Math.ceil(total / limit));
  if (last === 1) return null;
  return (
    <nav className="pages" aria-label="Pages">
      {page > 1 ? (
        <Link to={addressOf(page - 1)} className="button quiet" rel="prev">
          Previous
        </Link>
      ) : null}
      <span>
        Page {page} of {last}
      </span>
      {page < last ? (
        <Link to={addressOf(page + 1)} className="button quiet" rel="next">
          Next
        </Link>
      ) : null}
    </nav>
  );
}
