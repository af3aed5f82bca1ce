-- What was written down before there was mail was never sent to anybody.
DELETE FROM "notifications"."notifications";--> statement-breakpoint
ALTER TABLE "notifications"."notifications" DROP CONSTRAINT "notifications_kind_is_known";--> statement-breakpoint
ALTER TABLE "notifications"."notifications" ALTER COLUMN "id" DROP DEFAULT;--> statement-breakpoint
ALTER TABLE "notifications"."notifications" ALTER COLUMN "recipient" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "notifications"."notifications" ADD COLUMN "customer_id" uuid NOT NULL;--> statement-breakpoint
ALTER TABLE "notifications"."notifications" ADD COLUMN "total_cents" bigint;--> statement-breakpoint
ALTER TABLE "notifications"."notifications" ADD COLUMN "reason" text;--> statement-breakpoint
ALTER TABLE "notifications"."notifications" ADD COLUMN "status" text NOT NULL;--> statement-breakpoint
ALTER TABLE "notifications"."notifications" ADD COLUMN "sent_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "notifications"."notifications" DROP COLUMN "subject";--> statement-breakpoint
ALTER TABLE "notifications"."notifications" DROP COLUMN "body";--> statement-breakpoint
ALTER TABLE "notifications"."notifications" ADD CONSTRAINT "notifications_status_is_known" CHECK ("notifications"."notifications"."status" in ('waiting', 'sent', 'dropped'));--> statement-breakpoint
ALTER TABLE "notifications"."notifications" ADD CONSTRAINT "notifications_kind_is_known" CHECK ("notifications"."notifications"."kind" in ('orderConfirmed', 'orderDeclined', 'orderCancelled'));