import { Fragment, lazy, type ReactNode, useEffect } from "react";
import type { User } from "./api.ts";
import { Loading } from "./elements/notice.tsx";
import { CartPage } from "./pages/cart-page.tsx";
import { CatalogPage } from "./pages/catalog-page.tsx";
import { CheckoutPage } from "./pages/checkout-page.tsx";
import { NotFoundPage } from "./pages/not-found-page.tsx";
import { OrderPage } from "./pages/order-page.tsx";
import { OrdersPage } from "./pages/orders-page.tsx";
import { ProductPage } from "./pages/product-page.tsx";
import { ProfilePage } from "./pages/profile-page.tsx";
import { SignInPage } from "./pages/sign-in-page.tsx";
import { SignUpPage } from "./pages/sign-up-page.tsx";
import { navigate, useLocation } from "./router/location.ts";
import { matchPath } from "./router/match-path.ts";
import { paths, returnOf, withReturn } from "./router/paths.ts";
import { useSessionState } from "./session/use-session.ts";

// Loaded on demand: only admins need these pages.
const AdminProductsPage = lazy(async () => ({ default: (await import("./pages/admin-products-page.tsx")).AdminProductsPage }));
const NewProductPage = lazy(async () => ({ default: (await import("./pages/new-product-page.tsx")).NewProductPage }));
const EditProductPage = lazy(async () => ({ default: (await import("./pages/edit-product-page.tsx")).EditProductPage }));

type Params = Readonly<Record<string, string>>;
type Route = readonly [pattern: string, render: (params: Params) => ReactNode];

const guest = (page: ReactNode) => () => <Guests>{page}</Guests>;
const member = (render: (user: User, params: Params) => ReactNode) => (params: Params) => <Members>{(user) => render(user, params)}</Members>;
const admin = (render: (params: Params) => ReactNode) => member((user, params) => (user.role === "admin" ? render(params) : <NotFoundPage />));

/** Every page by the pattern of its path. The page of the first pattern that matches is shown. */
const ROUTES: readonly Route[] = [
  [paths.catalog, () => <CatalogPage />],
  [paths.product(":id"), ({ id = "" }) => <ProductPage id={id} />],
  [paths.cart, () => <CartPage />],
  [paths.checkout, member((user) => <CheckoutPage user={user} />)],
  [paths.orders, member((user) => <OrdersPage user={user} />)],
  [paths.order(":id"), member((user, { id = "" }) => <OrderPage id={id} user={user} />)],
  [paths.profile, member((user) => <ProfilePage user={user} />)],
  [paths.signIn, guest(<SignInPage />)],
  [paths.signUp, guest(<SignUpPage />)],
  [paths.adminProducts, admin(() => <AdminProductsPage />)],
  [paths.newProduct, admin(() => <NewProductPage />)],
  [paths.adminProduct(":id"), admin(({ id = "" }) => <EditProductPage id={id} />)],
];

/** The page of the current address. */
export function Routes(): ReactNode {
  const { path } = useLocation();
  for (const [pattern, render] of ROUTES) {
    const params = matchPath(pattern, path);
    if (params !== undefined) return render(params);
  }
  return <NotFoundPage />;
}

/** A page for signed-in users. Other visitors sign in first and then return to it. */
function Members({ children }: { readonly children: (user: User) => ReactNode }) {
  const session = useSessionState();
  // Another user gets new page instances, which show nothing of the previous user.
  if (session.kind === "in") return <Fragment key={session.user.id}>{children(session.user)}</Fragment>;
  return session.kind === "unknown" ? <Loading what="your account" /> : <ToSignIn />;
}

function ToSignIn() {
  useEffect(() => {
    const { pathname, search } = window.location;
    navigate(withReturn(paths.signIn, `${pathname}${search}`), { replace: true });
  }, []);
  return null;
}

/** A page for visitors who are not signed in. After the sign-in, or if the user is signed in already, it redirects to the page in the query. */
function Guests({ children }: { readonly children: ReactNode }) {
  const isIn = useSessionState().kind === "in";
  const next = returnOf(useLocation().search);
  useEffect(() => {
    if (isIn) navigate(next, { replace: true });
  }, [isIn, next]);
  return children;
}
