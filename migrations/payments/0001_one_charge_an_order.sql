ALTER TABLE "payments"."payments" DROP CONSTRAINT "payments_status_is_known";--> statement-breakpoint
ALTER TABLE "payments"."payments" DROP COLUMN "attempt";--> statement-breakpoint
ALTER TABLE "payments"."payments" DROP COLUMN "gateway_key";--> statement-breakpoint
ALTER TABLE "payments"."payments" ADD CONSTRAINT "payments_status_is_known" CHECK ("payments"."payments"."status" in ('approved', 'declined', 'unanswered', 'refunded', 'voided'));