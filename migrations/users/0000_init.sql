CREATE SCHEMA "users";
--> statement-breakpoint
CREATE TABLE "users"."users" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"email" text NOT NULL,
	"name" text NOT NULL,
	"company" text,
	"city" text,
	"country" text,
	"role" text DEFAULT 'user' NOT NULL,
	"password_hash" text,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "users_email_unique" UNIQUE("email"),
	CONSTRAINT "users_email_is_one_spelling" CHECK ("users"."users"."email" = lower(trim("users"."users"."email"))),
	CONSTRAINT "users_role_is_known" CHECK ("users"."users"."role" in ('user', 'admin'))
);
--> statement-breakpoint
CREATE INDEX "users_by_name" ON "users"."users" USING btree ("name","id");