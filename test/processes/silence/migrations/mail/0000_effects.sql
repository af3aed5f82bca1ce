CREATE TABLE "mail"."effects" ("id" text NOT NULL, "what" text NOT NULL);
