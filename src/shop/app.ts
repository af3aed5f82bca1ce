import { type App, defineApp } from "holon";
import { Session } from "#contracts/users";
import { catalogModule } from "./contexts/catalog/index.ts";
import { createNotificationsModule } from "./contexts/notifications/index.ts";
import { ordersModule } from "./contexts/orders/index.ts";
import { createPaymentsModule } from "./contexts/payments/index.ts";
import { createUsersModule, type FirstAdmin } from "./contexts/users/index.ts";
import type { PaymentGateway } from "./gateway/payment-gateway.ts";
import { createAuthenticate } from "./identity/authenticate.ts";
import { addKeyRoutes } from "./identity/key-routes.ts";
import { addSessionRoutes } from "./identity/session-routes.ts";
import type { Tokens } from "./identity/tokens.ts";
import type { Mailer } from "./mail/mailer.ts";
import { addStorefrontRoutes } from "./storefront/storefront-routes.ts";

/** The parts of the outside world that the shop needs. */
export interface ShopParts {
  readonly gateway: PaymentGateway;
  /** How long the gateway may take to answer a charge; milliseconds. */
  readonly gatewayPatienceMs?: number | undefined;
  readonly mailer: Mailer;
  readonly tokens: Tokens;
  readonly firstAdmin: FirstAdmin | undefined;
  /** The clock for sessions and tickets; milliseconds. */
  readonly nowMs: () => number;
  /** Returns the folder of the storefront if this process serves one; called when the public port opens. */
  readonly storefront?: (() => Promise<string | undefined>) | undefined;
}

/** The shop: five contexts, and users who sign in with tokens. */
export function createShop({ gateway, gatewayPatienceMs, mailer, tokens, firstAdmin, nowMs, storefront }: ShopParts): App {
  return defineApp({
    name: "shop",
    api: { title: "The shop", version: "1.0.0", license: { name: "MIT", identifier: "MIT" } },
    contexts: [
      createUsersModule({ tokens, firstAdmin, nowMs }),
      catalogModule,
      ordersModule,
      createPaymentsModule({ gateway, gatewayPatienceMs }),
      createNotificationsModule({ mailer }),
    ],
    authenticate: createAuthenticate(tokens),
    async routes(app, edge) {
      addSessionRoutes(app, edge, nowMs);
      addKeyRoutes(app, tokens);
      const folder = await storefront?.();
      if (folder !== undefined) await addStorefrontRoutes(app, folder);
    },
    async opsSignIn(credentials, ask) {
      const { token, refreshToken } = Session.parse(await ask("users.signIn", credentials));
      // The dashboard has a session of its own, so this refresh token would stay unused.
      await ask("users.signOut", { refreshToken });
      return token;
    },
  });
}
