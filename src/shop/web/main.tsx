import { createRoot } from "react-dom/client";
import { createQueryClient, createShopClient } from "./api.ts";
import { App } from "./app.tsx";
import { Cart } from "./cart/cart.ts";
import { createBrowserSession } from "./session/browser-session.ts";
import type { SessionState } from "./session/session.ts";
import "./styles/base.css";
import "./styles/elements.css";
import "./styles/shell.css";
import "./styles/pages.css";

const session = createBrowserSession();
const cart = new Cart(window.localStorage);
const queryClient = createQueryClient();
const userOf = (state: SessionState): string | undefined => (state.kind === "in" ? state.user.id : undefined);

window.addEventListener("storage", cart.changed);

// The cache is cleared when a user signs out or another one signs in, so that the next user sees no data of the previous one.
let lastUser = userOf(session.state());
session.subscribe(() => {
  const user = userOf(session.state());
  if (lastUser !== undefined && user !== lastUser) queryClient.clear();
  lastUser = user;
});
void session.start();

const root = document.getElementById("shop");
if (root === null) throw new TypeError('The page has no element with the id "shop".');
createRoot(root).render(<App session={session} cart={cart} client={createShopClient(session.token)} queryClient={queryClient} />);
