import { Page } from "../elements/page.tsx";
import { Link } from "../router/link.tsx";
import { paths } from "../router/paths.ts";

/** The page for an address that does not exist, or that has nothing to show. */
export function NotFoundPage() {
  return (
    <Page title="There is nothing here" intro="The page does not exist, or your account may not see it.">
      <p>
        <Link to={paths.catalog} className="button">
          To all products
        </Link>
      </p>
    </Page>
  );
}
