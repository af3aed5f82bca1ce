import { type App, defineApp } from "holon";
import { catalogModule } from "./contexts/catalog/index.ts";
import { notificationsModule } from "./contexts/notifications/index.ts";
import { createOrdersModule } from "./contexts/orders/index.ts";
import { createPaymentsModule } from "./contexts/payments/index.ts";
import { createUsersModule, type FirstAdmin } from "./contexts/users/index.ts";
import type { PaymentGateway } from "./gateway/payment-gateway.ts";
import { createAuthenticate } from "./identity/authenticate.ts";
import type { Tokens } from "./identity/tokens.ts";

/** What the shop is handed in: the world outside it. */
export interface ShopParts {
  readonly gateway: PaymentGateway;
  readonly tokens: Tokens;
  readonly firstAdmin: FirstAdmin | undefined;
  /** Makes a new UUID. */
  readonly newId: () => string;
}

/** The shop: five contexts, and users who sign in with tokens. */
export function createShop({ gateway, tokens, firstAdmin, newId }: ShopParts): App {
  return defineApp({
    name: "shop",
    contexts: [
      createUsersModule({ tokens, firstAdmin }),
      catalogModule,
      createOrdersModule({ newId }),
      createPaymentsModule({ gateway }),
      notificationsModule,
    ],
    authenticate: createAuthenticate(tokens),
  });
}
