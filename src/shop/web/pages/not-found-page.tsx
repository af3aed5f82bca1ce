import { Page } from "../elements/page.tsx";
import { Link } from "../router/link.tsx";
import { paths } from "../router/paths.ts";

/** The page for an address that does not exist, or that has nothing to show. */
export function NotFoundPage() {
  return (
    <Page title="There is nothing here" intro="The page may have moved, or it is not yours to see.">
      <p>
        <Link to={paths.catalog} className="button">
          To all products
        </Link>
      </p>
    </Page>
  );
}
