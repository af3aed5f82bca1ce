import type { ReactNode } from "react";
import type { User } from "./api.ts";
import { useCartLines } from "./cart/use-cart.ts";
import { AccountIcon, AdminIcon, CartIcon, OrdersIcon, ShopIcon } from "./elements/icons.tsx";
import icon from "./icon.svg";
import { Link, MenuLink } from "./router/link.tsx";
import { paths } from "./router/paths.ts";
import { useSessionState } from "./session/use-session.ts";

/** The frame of every page: the link that skips the menu, the menu, and the footer. */
export function Shell({ children }: { readonly children: ReactNode }) {
  return (
    <>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <header className="shell-head">
        <Link to={paths.catalog} className="brand">
          <img src={icon} alt="" width="28" height="28" />
          Northwind
        </Link>
        <Menu />
        <CartLink />
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <footer className="shell-foot">
        <p>A shop that shows what Holon can do. Nothing is sent and nobody pays.</p>
      </footer>
    </>
  );
}

function Menu() {
  const session = useSessionState();
  return (
    <nav className="menu" aria-label="Shop">
      <MenuLink to={paths.catalog} also={["/shop/products"]}>
        <ShopIcon />
        Products
      </MenuLink>
      {session.kind === "in" ? <MemberLinks user={session.user} /> : null}
      {session.kind === "out" ? (
        <MenuLink to={paths.signIn} also={[paths.signUp]}>
          <AccountIcon />
          Sign in
        </MenuLink>
      ) : null}
    </nav>
  );
}

function MemberLinks({ user }: { readonly user: User }) {
  return (
    <>
      <MenuLink to={paths.orders} also={[paths.orders]}>
        <OrdersIcon />
        Orders
      </MenuLink>
      {user.role === "admin" ? (
        <MenuLink to={paths.adminProducts} also={[paths.adminProducts]}>
          <AdminIcon />
          Admin
        </MenuLink>
      ) : null}
      <MenuLink to={paths.profile}>
        <AccountIcon />
        Account
      </MenuLink>
    </>
  );
}

function CartLink() {
  const pieces = useCartLines().reduce((sum, { quantity }) => sum + quantity, 0);
  return (
    <MenuLink to={paths.cart} also={[paths.checkout]} className="cart-link">
      <CartIcon />
      Cart
      <span className="cart-count">
        {pieces}
        <span className="visually-hidden"> {pieces === 1 ? "piece" : "pieces"}</span>
      </span>
    </MenuLink>
  );
}
