CREATE SCHEMA "notifications";
--> statement-breakpoint
CREATE TABLE "notifications"."notifications" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"kind" text NOT NULL,
	"order_id" uuid NOT NULL,
	"recipient" text NOT NULL,
	"subject" text NOT NULL,
	"body" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "notifications_once" UNIQUE("order_id","kind"),
	CONSTRAINT "notifications_kind_is_known" CHECK ("notifications"."notifications"."kind" in ('orderConfirmed', 'orderCancelled'))
);
--> statement-breakpoint
CREATE INDEX "notifications_by_age" ON "notifications"."notifications" USING btree ("created_at" DESC NULLS LAST,"id");