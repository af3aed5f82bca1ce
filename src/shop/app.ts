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

/** What the shop is handed in: the world outside it. */
export interface ShopParts {
  readonly gateway: PaymentGateway;
  /** How long the gateway may take to answer a charge; milliseconds. */
  readonly gatewayPatienceMs?: number | undefined;
  readonly mailer: Mailer;
  readonly tokens: Tokens;
  readonly firstAdmin: FirstAdmin | undefined;
  /** What sessions and tickets are timed by. */
  readonly nowMs: () => number;
}

/** The shop: five contexts, and users who sign in with tokens. */
export function createShop({ gateway, gatewayPatienceMs, mailer, tokens, firstAdmin, nowMs }: ShopParts): App {
  return defineApp({
    name: "shop",
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
    },
    async opsSignIn(credentials, ask) {
      const { token, refreshToken } = Session.parse(await ask("users.signIn", credentials));
      // The dashboard has a session of its own: nobody would use this one.
      await ask("users.signOut", { refreshToken });
      return token;
    },
  });
}
