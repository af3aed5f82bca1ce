// Written by `npm run openapi:generate` from docs/openapi.json; `npm run check` compares.

export interface paths {
    "/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Accounts by name, a page at a time
         * @description Accounts by name, a page at a time; `search` looks in name, company and e-mail.
         */
        get: operations["users.list"];
        put?: never;
        /**
         * Opens an account
         * @description Opens an account. If the e-mail has an account already, the answer is CONFLICT.
         */
        post: operations["users.signUp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Checks e-mail and password and opens a session
         * @description Checks e-mail and password and opens a session. UNAUTHORIZED does not say which of the two was wrong.
         */
        post: operations["users.signIn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sessions/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Exchanges a refresh token for a new session
         * @description Exchanges a refresh token for a new session. A token can be exchanged once. If it is sent again within ten seconds, the answer has the same next token. If it is sent again later, the session ends for all holders of its tokens.
         */
        post: operations["users.refresh"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sessions/end": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ends the session of a refresh token
         * @description Ends the session of a refresh token; if the session has ended already, nothing happens. Its access token is valid until it expires.
         */
        post: operations["users.signOut"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{id}/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Replaces the caller's own password and ends all sessions that were opened with the old one
         * @description Replaces the caller's own password and ends all sessions that were opened with the old one. FORBIDDEN if the old password is wrong.
         */
        put: operations["users.changePassword"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tickets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Issues a ticket, a proof of identity that is valid once, within half a minute
         * @description Issues a ticket, a proof of identity that is valid once, within half a minute. It is for a subscription by a browser's EventSource, which sends no headers. Send it as `connectionParams: { ticket }`.
         */
        post: operations["users.issueTicket"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One account
         * @description One account. Users see their own account, and admins see all accounts.
         */
        get: operations["users.get"];
        /** Replaces all fields of an account that its user can edit */
        put: operations["users.update"];
        post?: never;
        /**
         * Closes an account
         * @description Closes an account. Its orders stay.
         */
        delete: operations["users.remove"];
        options?: never;
        head?: never;
        /**
         * Replaces the fields that are given
         * @description Replaces the fields that are given; null empties a field.
         */
        patch: operations["users.patch"];
        trace?: never;
    };
    "/products/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One product */
        get: operations["catalog.products.get"];
        /** Replaces all facts of a product */
        put: operations["catalog.products.update"];
        post?: never;
        /**
         * Takes a product out of the catalog
         * @description Takes a product out of the catalog. Orders of it stay.
         */
        delete: operations["catalog.products.remove"];
        options?: never;
        head?: never;
        /** Replaces the facts that are given */
        patch: operations["catalog.products.patch"];
        trace?: never;
    };
    "/products": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Products, filtered and sorted, a page at a time
         * @description Products, filtered and sorted, a page at a time. Give `page`, or the `next` of the page before as `cursor`. `search` looks in the name.
         */
        get: operations["catalog.products.list"];
        put?: never;
        /** Adds a product */
        post: operations["catalog.products.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/categories": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All categories by name, with the number of their products */
        get: operations["catalog.categories.list"];
        put?: never;
        /**
         * Adds a category
         * @description Adds a category. If the name is taken, the answer is CONFLICT.
         */
        post: operations["catalog.categories.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/restocks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Adds to the stock of products */
        post: operations["catalog.stock.restock"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sales": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What was sold, by category and by product, the best-selling first
         * @description What was sold, by category and by product, the best-selling first. It is a read model that follows the events of orders. Null stands for products that were removed.
         */
        get: operations["catalog.sales.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sales-rebuilds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Builds the sales figures again from the orders
         * @description Builds the sales figures again from the orders. The present figures are shown until the new ones are complete.
         */
        post: operations["catalog.sales.rebuild"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/orders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Orders, the newest first, a page at a time
         * @description Orders, the newest first, a page at a time. Give `page`, or the `next` of the page before as `cursor`. `from` and `to` are the first and the last day. Buyers see their own orders.
         */
        get: operations["orders.list"];
        put?: never;
        /**
         * Places an order for the caller
         * @description Places an order for the caller. The order is pending at first. Then stock is reserved and the payment is taken, and the order becomes confirmed, or declined with a reason.
         */
        post: operations["orders.place"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{customerId}/orders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Places an order for a customer, with a given date */
        post: operations["orders.placeFor"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/orders/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One order
         * @description One order. Buyers see their own orders, and admins see all orders.
         */
        get: operations["orders.get"];
        put?: never;
        post?: never;
        /**
         * Cancels an order that is confirmed and not shipped yet
         * @description Cancels an order that is confirmed and not shipped yet. It is `cancelling` until money and stock are given back, and then `cancelled`.
         */
        delete: operations["orders.cancel"];
        options?: never;
        head?: never;
        /** Changes a confirmed order to shipped, or a shipped order to delivered */
        patch: operations["orders.changeStatus"];
        trace?: never;
    };
    "/orders/{id}/details": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One order with its buyer and its products as they are now, from three contexts
         * @description One order with its buyer and its products as they are now, from three contexts. If a part is not available now, `missing` names it, and the answer has the other parts.
         */
        get: operations["orders.details"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/order-counts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How many orders have each status
         * @description How many orders have each status; a status that no order has is left out.
         */
        get: operations["orders.counts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/order-totals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The totals of all orders that were confirmed and are not cancelled */
        get: operations["orders.totals"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/payments/{orderId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The payment of one order */
        get: operations["payments.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/payments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Payments, the newest first, a page at a time */
        get: operations["payments.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/payment-totals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The number and the sum of the payments of each status
         * @description The number and the sum of the payments of each status; a status that no payment has is left out.
         */
        get: operations["payments.totals"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/notifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Messages, the newest first, a page at a time */
        get: operations["notifications.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        BadRequestProblem: components["schemas"]["Problem"] & {
            /** @constant */
            code: "BAD_REQUEST";
            /** @constant */
            status: 400;
        };
        Category: {
            name: string;
            /** Format: int64 */
            products: number;
        };
        ConflictProblem: components["schemas"]["Problem"] & {
            /** @constant */
            code: "CONFLICT";
            /** @constant */
            status: 409;
        };
        DeclineReason: {
            /** @enum {string} */
            code: "UNKNOWN_CUSTOMER" | "UNKNOWN_PRODUCT" | "OUT_OF_STOCK" | "PAYMENT_DECLINED" | "PAYMENT_UNANSWERED" | "FAILED";
            message: string;
            /** Format: uuid */
            productId?: string;
            /** Format: int64 */
            available?: number;
        };
        FaultProblem: components["schemas"]["Problem"] & {
            /** @enum {string} */
            code: "BAD_REQUEST" | "UNAUTHORIZED" | "FORBIDDEN" | "NOT_FOUND" | "METHOD_NOT_SUPPORTED" | "REQUEST_TIMEOUT" | "CONFLICT" | "KEY_IN_FLIGHT" | "PAYLOAD_TOO_LARGE" | "UNSUPPORTED_MEDIA_TYPE" | "KEY_REUSED" | "KEY_UNDONE" | "TOO_MANY_REQUESTS" | "CANCELLED" | "INTERNAL" | "CALL_IN_TRANSACTION" | "CONTRACT_MISMATCH" | "UNAVAILABLE" | "OVERLOADED" | "DEADLINE_EXCEEDED";
        };
        ForbiddenProblem: components["schemas"]["Problem"] & {
            /** @constant */
            code: "FORBIDDEN";
            /** @constant */
            status: 403;
        };
        IllegalStatusChangeProblem: components["schemas"]["Problem"] & {
            /** @constant */
            code: "ILLEGAL_STATUS_CHANGE";
            /** @constant */
            status: 409;
            details?: {
                from: components["schemas"]["OrderStatus"];
                to: components["schemas"]["OrderStatus"];
            };
        };
        /** @description One thing that is wrong with an input. */
        Issue: {
            /** @description Members and indexes from the top, joined by dots; empty for the input itself. */
            path: string;
            /** @description The rule that is broken, as in `too_small`. */
            code: string;
            message: string;
        };
        KeyInFlightProblem: components["schemas"]["Problem"] & {
            /** @constant */
            code: "KEY_IN_FLIGHT";
            /** @constant */
            status: 409;
        };
        KeyReusedProblem: components["schemas"]["Problem"] & {
            /** @constant */
            code: "KEY_REUSED";
            /** @constant */
            status: 422;
        };
        KeyUndoneProblem: components["schemas"]["Problem"] & {
            /** @constant */
            code: "KEY_UNDONE";
            /** @constant */
            status: 409;
        };
        Line: {
            /** Format: uuid */
            productId: string;
            /** Format: int32 */
            quantity: number;
        };
        NotFoundProblem: components["schemas"]["Problem"] & {
            /** @constant */
            code: "NOT_FOUND";
            /** @constant */
            status: 404;
        };
        Notification: {
            /** Format: uuid */
            id: string;
            kind: components["schemas"]["NotificationKind"];
            /** Format: uuid */
            orderId: string;
            /** Format: uuid */
            customerId: string;
            status: components["schemas"]["NotificationStatus"];
            messageId: string;
            recipient: string | null;
            sentAt: string | null;
            /** Format: date-time */
            createdAt: string;
        };
        /** @enum {string} */
        NotificationKind: "orderConfirmed" | "orderDeclined" | "orderCancelled";
        /** @enum {string} */
        NotificationStatus: "waiting" | "sent" | "dropped";
        Order: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            customerId: string;
            status: components["schemas"]["OrderStatus"];
            reason: components["schemas"]["DeclineReason"] | null;
            /** Format: date */
            orderedOn: string;
            totalCents: number | null;
            lines: components["schemas"]["OrderLine"][];
            /** Format: int32 */
            version: number;
            /** Format: date-time */
            createdAt: string;
        };
        OrderLine: {
            /** Format: uuid */
            productId: string;
            /** Format: int32 */
            quantity: number;
            name: string | null;
            unitPriceCents: number | null;
        };
        /** @enum {string} */
        OrderStatus: "pending" | "confirmed" | "shipped" | "delivered" | "declining" | "declined" | "cancelling" | "cancelled";
        Payment: {
            /** Format: uuid */
            orderId: string;
            customerId: string | null;
            /** Format: int64 */
            amountCents: number;
            status: components["schemas"]["PaymentStatus"];
            reason: string | null;
            /** Format: int32 */
            version: number;
            /** Format: date-time */
            createdAt: string;
        };
        /** @enum {string} */
        PaymentStatus: "approved" | "declined" | "unanswered" | "refunded" | "voided";
        PreconditionFailedProblem: components["schemas"]["Problem"] & {
            /** @constant */
            code: "CONFLICT";
            /** @constant */
            status: 412;
            details?: {
                /**
                 * Format: int32
                 * @description The version that the row has now.
                 */
                version: number;
            };
        };
        /** @description Problem details (RFC 9457). `code` names the error; programs decide by it. */
        Problem: {
            /** Format: uri-reference */
            type: string;
            /** @description The status in words. */
            title: string;
            /** Format: int32 */
            status: number;
            /** @description What happened this time, for people. */
            detail: string;
            code: string;
            /** @description Data for programs; its form depends on the code. It is left out if the error would otherwise be larger than the limit. */
            details?: unknown;
            /** @description With `INTERNAL`: the id by which operators find the error in the log. */
            errorId?: string;
            /** @description With `BAD_REQUEST`: what is wrong with the input. */
            issues?: components["schemas"]["Issue"][];
        };
        Product: {
            /** Format: uuid */
            id: string;
            name: string;
            category: string;
            quantityPerUnit: string;
            /** Format: int32 */
            priceCents: number;
            discontinued: boolean;
            /** Format: int64 */
            stock: number;
            /** Format: int32 */
            version: number;
            /** Format: date-time */
            createdAt: string;
        };
        /** @enum {string} */
        ProductSort: "name_asc" | "name_desc" | "price_asc" | "price_desc";
        /** @enum {string} */
        Role: "user" | "admin";
        UnauthorizedProblem: components["schemas"]["Problem"] & {
            /** @constant */
            code: "UNAUTHORIZED";
            /** @constant */
            status: 401;
        };
        UnknownCategoryProblem: components["schemas"]["Problem"] & {
            /** @constant */
            code: "UNKNOWN_CATEGORY";
            /** @constant */
            status: 422;
            details?: {
                category: string;
            };
        };
        UnknownProductProblem: components["schemas"]["Problem"] & {
            /** @constant */
            code: "UNKNOWN_PRODUCT";
            /** @constant */
            status: 422;
            details?: {
                /** Format: uuid */
                productId: string;
            };
        };
        User: {
            /** Format: uuid */
            id: string;
            /** Format: email */
            email: string;
            name: string;
            company: string | null;
            city: string | null;
            country: string | null;
            role: components["schemas"]["Role"];
            /** Format: int32 */
            version: number;
            /** Format: date-time */
            createdAt: string;
        };
    };
    responses: {
        /** @description The input does not fit the contract. */
        BadRequest: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["BadRequestProblem"];
            };
        };
        /** @description `CONFLICT`, `KEY_IN_FLIGHT`, `KEY_UNDONE` */
        Conflict: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["ConflictProblem"] | components["schemas"]["KeyInFlightProblem"] | components["schemas"]["KeyUndoneProblem"];
            };
        };
        /** @description Any other error: a limit, or a failure of the environment. `Retry-After` says when to send the request again, if that can help. */
        Fault: {
            headers: {
                /** @description Seconds to wait before the request is sent again. */
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["FaultProblem"];
            };
        };
        /** @description The caller is known, but may not do this. */
        Forbidden: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["ForbiddenProblem"];
            };
        };
        /** @description The idempotency key was used before with another input. */
        KeyReused: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["KeyReusedProblem"];
            };
        };
        /** @description The procedure or the row does not exist, or the caller may not see it. */
        NotFound: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["NotFoundProblem"];
            };
        };
        /** @description The row has another version than `If-Match` names. */
        PreconditionFailed: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["PreconditionFailedProblem"];
            };
        };
        /** @description The procedure needs a signed-in user, and the caller is not signed in. */
        Unauthorized: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["UnauthorizedProblem"];
            };
        };
    };
    parameters: {
        /** @description A random text that the caller chooses. If the same request is sent again with the same key, it gets the first answer again and has no second effect. */
        IdempotencyKey: string;
        /** @description The version that the caller wants to change, in place of the input's `version`: the ETag of an answer, or the version alone, as in `"3"`. If the row has another version by now, the answer is 412. */
        IfMatch: string;
        /** @description The ETag of an answer that the caller has. If the answer is still the same, the status is 304, without a body. */
        IfNoneMatch: string;
    };
    requestBodies: never;
    headers: {
        /** @description Names this version of the answer: send it as `If-None-Match`, or as `If-Match` to change just this version. */
        ETag: string;
        /** @description The address of what was created. */
        Location: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    "users.list": {
        parameters: {
            query?: {
                search?: string;
                role?: components["schemas"]["Role"];
                page?: number;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["User"][];
                        /** Format: int64 */
                        page: number;
                        /** Format: int64 */
                        limit: number;
                        /** Format: int64 */
                        total: number;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            default: components["responses"]["Fault"];
        };
    };
    "users.signUp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "ada@example.test",
                 *       "password": "correct horse",
                 *       "name": "Ada"
                 *     }
                 */
                "application/json": {
                    email: string;
                    password: string;
                    name: string;
                };
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            409: components["responses"]["Conflict"];
            default: components["responses"]["Fault"];
        };
    };
    "users.signIn": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    email: string;
                    password: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        token: string;
                        /** Format: date-time */
                        expiresAt: string;
                        refreshToken: string;
                        /** Format: date-time */
                        refreshExpiresAt: string;
                        user: components["schemas"]["User"];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            409: components["responses"]["Conflict"];
            default: components["responses"]["Fault"];
        };
    };
    "users.refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    refreshToken: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        token: string;
                        /** Format: date-time */
                        expiresAt: string;
                        refreshToken: string;
                        /** Format: date-time */
                        refreshExpiresAt: string;
                        user: components["schemas"]["User"];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            409: components["responses"]["Conflict"];
            default: components["responses"]["Fault"];
        };
    };
    "users.signOut": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    refreshToken: string;
                };
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            409: components["responses"]["Conflict"];
            default: components["responses"]["Fault"];
        };
    };
    "users.changePassword": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    password: string;
                    newPassword: string;
                };
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            default: components["responses"]["Fault"];
        };
    };
    "users.issueTicket": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        ticket: string;
                        /** Format: date-time */
                        expiresAt: string;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            default: components["responses"]["Fault"];
        };
    };
    "users.get": {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of an answer that the caller has. If the answer is still the same, the status is 304, without a body. */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description The caller has this answer already. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            default: components["responses"]["Fault"];
        };
    };
    "users.update": {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that the caller wants to change, in place of the input's `version`: the ETag of an answer, or the version alone, as in `"3"`. If the row has another version by now, the answer is 412. */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Format: int32 */
                    version?: number;
                    email: string;
                    name: string;
                    company: string | null;
                    city: string | null;
                    country: string | null;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            default: components["responses"]["Fault"];
        };
    };
    "users.remove": {
        parameters: {
            query?: {
                version?: number;
            };
            header?: {
                /** @description The version that the caller wants to change, in place of the input's `version`: the ETag of an answer, or the version alone, as in `"3"`. If the row has another version by now, the answer is 412. */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            default: components["responses"]["Fault"];
        };
    };
    "users.patch": {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that the caller wants to change, in place of the input's `version`: the ETag of an answer, or the version alone, as in `"3"`. If the row has another version by now, the answer is 412. */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Format: int32 */
                    version?: number;
                    email?: string;
                    name?: string;
                    company?: string | null;
                    city?: string | null;
                    country?: string | null;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            default: components["responses"]["Fault"];
        };
    };
    "catalog.products.get": {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of an answer that the caller has. If the answer is still the same, the status is 304, without a body. */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /** @example add0bf27-6562-57e2-8d63-dfe35167d93e */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "add0bf27-6562-57e2-8d63-dfe35167d93e",
                     *       "name": "Chang",
                     *       "category": "Beverages",
                     *       "quantityPerUnit": "24 - 12 oz bottles",
                     *       "priceCents": 1900,
                     *       "discontinued": true,
                     *       "stock": 17,
                     *       "version": 1,
                     *       "createdAt": "2026-11-22T09:30:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Product"];
                };
            };
            /** @description The caller has this answer already. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            404: components["responses"]["NotFound"];
            default: components["responses"]["Fault"];
        };
    };
    "catalog.products.update": {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that the caller wants to change, in place of the input's `version`: the ETag of an answer, or the version alone, as in `"3"`. If the row has another version by now, the answer is 412. */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Format: int32 */
                    version?: number;
                    name: string;
                    category: string;
                    quantityPerUnit: string;
                    /** Format: int32 */
                    priceCents: number;
                    discontinued: boolean;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Product"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            /** @description `UNKNOWN_CATEGORY`, `KEY_REUSED` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["UnknownCategoryProblem"] | components["schemas"]["KeyReusedProblem"];
                };
            };
            default: components["responses"]["Fault"];
        };
    };
    "catalog.products.remove": {
        parameters: {
            query?: {
                version?: number;
            };
            header?: {
                /** @description The version that the caller wants to change, in place of the input's `version`: the ETag of an answer, or the version alone, as in `"3"`. If the row has another version by now, the answer is 412. */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            default: components["responses"]["Fault"];
        };
    };
    "catalog.products.patch": {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that the caller wants to change, in place of the input's `version`: the ETag of an answer, or the version alone, as in `"3"`. If the row has another version by now, the answer is 412. */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Format: int32 */
                    version?: number;
                    name?: string;
                    category?: string;
                    quantityPerUnit?: string;
                    /** Format: int32 */
                    priceCents?: number;
                    discontinued?: boolean;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Product"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            /** @description `UNKNOWN_CATEGORY`, `KEY_REUSED` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["UnknownCategoryProblem"] | components["schemas"]["KeyReusedProblem"];
                };
            };
            default: components["responses"]["Fault"];
        };
    };
    "catalog.products.list": {
        parameters: {
            query?: {
                category?: string;
                search?: string;
                minPriceCents?: number;
                maxPriceCents?: number;
                discontinued?: boolean;
                sort?: components["schemas"]["ProductSort"];
                page?: number;
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Product"][];
                        /** Format: int64 */
                        page: number;
                        /** Format: int64 */
                        limit: number;
                        /** Format: int64 */
                        total: number;
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            default: components["responses"]["Fault"];
        };
    };
    "catalog.products.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description A random text that the caller chooses. If the same request is sent again with the same key, it gets the first answer again and has no second effect. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "Darjeeling",
                 *       "category": "Beverages",
                 *       "quantityPerUnit": "10 boxes x 20 bags",
                 *       "priceCents": 1250,
                 *       "discontinued": false,
                 *       "stock": 40
                 *     }
                 */
                "application/json": {
                    name: string;
                    category: string;
                    quantityPerUnit: string;
                    /** Format: int32 */
                    priceCents: number;
                    discontinued: boolean;
                    /**
                     * Format: int32
                     * @default 0
                     */
                    stock?: number;
                };
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Product"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            /** @description `UNKNOWN_CATEGORY`, `KEY_REUSED` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["UnknownCategoryProblem"] | components["schemas"]["KeyReusedProblem"];
                };
            };
            default: components["responses"]["Fault"];
        };
    };
    "catalog.categories.list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Category"][];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            default: components["responses"]["Fault"];
        };
    };
    "catalog.categories.create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Category"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            default: components["responses"]["Fault"];
        };
    };
    "catalog.stock.restock": {
        parameters: {
            query?: never;
            header?: {
                /** @description A random text that the caller chooses. If the same request is sent again with the same key, it gets the first answer again and has no second effect. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    lines: components["schemas"]["Line"][];
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** Format: int64 */
                        products: number;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            /** @description `UNKNOWN_PRODUCT`, `KEY_REUSED` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["UnknownProductProblem"] | components["schemas"]["KeyReusedProblem"];
                };
            };
            default: components["responses"]["Fault"];
        };
    };
    "catalog.sales.get": {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        totals: {
                            /** Format: int64 */
                            orders: number;
                            /** Format: int64 */
                            lines: number;
                            /** Format: int64 */
                            units: number;
                            /** Format: int64 */
                            cents: number;
                        };
                        categories: {
                            category: string | null;
                            /** Format: int64 */
                            lines: number;
                            /** Format: int64 */
                            units: number;
                            /** Format: int64 */
                            cents: number;
                        }[];
                        products: {
                            /** Format: uuid */
                            productId: string;
                            name: string;
                            category: string | null;
                            /** Format: int64 */
                            lines: number;
                            /** Format: int64 */
                            units: number;
                            /** Format: int64 */
                            cents: number;
                        }[];
                        isRebuilding: boolean;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            default: components["responses"]["Fault"];
        };
    };
    "catalog.sales.rebuild": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** Format: int64 */
                        rebuild: number;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            default: components["responses"]["Fault"];
        };
    };
    "orders.list": {
        parameters: {
            query?: {
                customerId?: string;
                status?: components["schemas"]["OrderStatus"];
                from?: string;
                to?: string;
                page?: number;
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Order"][];
                        /** Format: int64 */
                        page: number;
                        /** Format: int64 */
                        limit: number;
                        /** Format: int64 */
                        total: number;
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            default: components["responses"]["Fault"];
        };
    };
    "orders.place": {
        parameters: {
            query?: never;
            header?: {
                /** @description A random text that the caller chooses. If the same request is sent again with the same key, it gets the first answer again and has no second effect. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "lines": [
                 *         {
                 *           "productId": "add0bf27-6562-57e2-8d63-dfe35167d93e",
                 *           "quantity": 2
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": {
                    lines: components["schemas"]["Line"][];
                };
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Order"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["KeyReused"];
            default: components["responses"]["Fault"];
        };
    };
    "orders.placeFor": {
        parameters: {
            query?: never;
            header?: {
                /** @description A random text that the caller chooses. If the same request is sent again with the same key, it gets the first answer again and has no second effect. */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                customerId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Format: date */
                    orderedOn: string;
                    lines: components["schemas"]["Line"][];
                };
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Order"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["KeyReused"];
            default: components["responses"]["Fault"];
        };
    };
    "orders.get": {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of an answer that the caller has. If the answer is still the same, the status is 304, without a body. */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Order"];
                };
            };
            /** @description The caller has this answer already. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            default: components["responses"]["Fault"];
        };
    };
    "orders.cancel": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Order"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            /** @description `ILLEGAL_STATUS_CHANGE`, `CONFLICT`, `KEY_IN_FLIGHT`, `KEY_UNDONE` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["IllegalStatusChangeProblem"] | components["schemas"]["ConflictProblem"] | components["schemas"]["KeyInFlightProblem"] | components["schemas"]["KeyUndoneProblem"];
                };
            };
            default: components["responses"]["Fault"];
        };
    };
    "orders.changeStatus": {
        parameters: {
            query?: never;
            header?: {
                /** @description The version that the caller wants to change, in place of the input's `version`: the ETag of an answer, or the version alone, as in `"3"`. If the row has another version by now, the answer is 412. */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Format: int32 */
                    version?: number;
                    /** @enum {string} */
                    status: "shipped" | "delivered";
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Order"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            /** @description `ILLEGAL_STATUS_CHANGE`, `CONFLICT`, `KEY_IN_FLIGHT`, `KEY_UNDONE` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["IllegalStatusChangeProblem"] | components["schemas"]["ConflictProblem"] | components["schemas"]["KeyInFlightProblem"] | components["schemas"]["KeyUndoneProblem"];
                };
            };
            412: components["responses"]["PreconditionFailed"];
            default: components["responses"]["Fault"];
        };
    };
    "orders.details": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        order: components["schemas"]["Order"];
                        buyer: components["schemas"]["User"] | null;
                        products: components["schemas"]["Product"][];
                        missing: ("buyer" | "products")[];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            default: components["responses"]["Fault"];
        };
    };
    "orders.counts": {
        parameters: {
            query?: {
                from?: string;
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        statuses: {
                            status: components["schemas"]["OrderStatus"];
                            /** Format: int64 */
                            orders: number;
                        }[];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            default: components["responses"]["Fault"];
        };
    };
    "orders.totals": {
        parameters: {
            query?: {
                from?: string;
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** Format: int64 */
                        orders: number;
                        /** Format: int64 */
                        lines: number;
                        /** Format: int64 */
                        units: number;
                        /** Format: int64 */
                        cents: number;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            default: components["responses"]["Fault"];
        };
    };
    "payments.get": {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of an answer that the caller has. If the answer is still the same, the status is 304, without a body. */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                orderId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Payment"];
                };
            };
            /** @description The caller has this answer already. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            default: components["responses"]["Fault"];
        };
    };
    "payments.list": {
        parameters: {
            query?: {
                status?: components["schemas"]["PaymentStatus"];
                customerId?: string;
                page?: number;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Payment"][];
                        /** Format: int64 */
                        page: number;
                        /** Format: int64 */
                        limit: number;
                        /** Format: int64 */
                        total: number;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            default: components["responses"]["Fault"];
        };
    };
    "payments.totals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        statuses: {
                            status: components["schemas"]["PaymentStatus"];
                            /** Format: int64 */
                            payments: number;
                            /** Format: int64 */
                            cents: number;
                        }[];
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            default: components["responses"]["Fault"];
        };
    };
    "notifications.list": {
        parameters: {
            query?: {
                orderId?: string;
                kind?: components["schemas"]["NotificationKind"];
                status?: components["schemas"]["NotificationStatus"];
                sentSince?: string;
                page?: number;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Notification"][];
                        /** Format: int64 */
                        page: number;
                        /** Format: int64 */
                        limit: number;
                        /** Format: int64 */
                        total: number;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            default: components["responses"]["Fault"];
        };
    };
}
