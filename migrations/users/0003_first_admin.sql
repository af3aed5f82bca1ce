CREATE TABLE "users"."first_admin" (
	"id" integer PRIMARY KEY DEFAULT 1 NOT NULL,
	"made_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "first_admin_is_one_row" CHECK ("users"."first_admin"."id" = 1)
);
--> statement-breakpoint
-- Versions before this one made the first admin without a note.
INSERT INTO "users"."first_admin" ("id") SELECT 1 WHERE EXISTS (SELECT 1 FROM "users"."users" WHERE "role" = 'admin');
