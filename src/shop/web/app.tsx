import { type QueryClient, QueryClientProvider } from "@tanstack/react-query";
import type { Client } from "holon/client";
import { StrictMode, Suspense } from "react";
import type { contracts } from "#contracts";
import { TRPCProvider } from "./api.ts";
import type { Cart } from "./cart/cart.ts";
import { CartContext } from "./cart/use-cart.ts";
import { Announcements } from "./elements/announcements.tsx";
import { CrashGuard } from "./elements/crash-guard.tsx";
import { Loading } from "./elements/notice.tsx";
import { useLocation } from "./router/location.ts";
import { Routes } from "./routes.tsx";
import type { Session } from "./session/session.ts";
import { SessionContext } from "./session/use-session.ts";
import { Shell } from "./shell.tsx";

/** The dependencies of the app. */
export interface AppParts {
  readonly session: Session;
  readonly cart: Cart;
  readonly client: Client<typeof contracts>;
  readonly queryClient: QueryClient;
}

/** The storefront. */
export function App({ session, cart, client, queryClient }: AppParts) {
  return (
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <TRPCProvider trpcClient={client} queryClient={queryClient}>
          <SessionContext.Provider value={session}>
            <CartContext.Provider value={cart}>
              <Announcements>
                <Shell>
                  <CurrentPage />
                </Shell>
              </Announcements>
            </CartContext.Provider>
          </SessionContext.Provider>
        </TRPCProvider>
      </QueryClientProvider>
    </StrictMode>
  );
}

/** Each path has a page instance of its own, so that text typed on one page never shows on another. */
function CurrentPage() {
  const { path } = useLocation();
  return (
    <CrashGuard key={path}>
      <Suspense fallback={<Loading what="the page" />}>
        <Routes />
      </Suspense>
    </CrashGuard>
  );
}
