ALTER TABLE "orders"."orders" DROP CONSTRAINT "orders_status_is_known";--> statement-breakpoint
ALTER TABLE "orders"."order_lines" ALTER COLUMN "name" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "orders"."order_lines" ALTER COLUMN "unit_price_cents" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "orders"."orders" ALTER COLUMN "total_cents" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "orders"."orders" ADD COLUMN "reason" jsonb;--> statement-breakpoint
ALTER TABLE "orders"."orders" DROP COLUMN "attempt";--> statement-breakpoint
ALTER TABLE "orders"."orders" ADD CONSTRAINT "orders_status_is_known" CHECK ("orders"."orders"."status" in ('pending', 'confirmed', 'shipped', 'delivered', 'declining', 'declined', 'cancelling', 'cancelled'));