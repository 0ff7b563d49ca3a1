CREATE TABLE "registered_case" ("id" SERIAL NOT NULL PRIMARY KEY, "case_reference" TEXT NOT NULL, "given_name" TEXT NOT NULL, "family_name" TEXT NOT NULL, "date_of_birth" TEXT NOT NULL, "email" TEXT, "phone" TEXT, "exposed_to" TEXT, "result" TEXT, "erased" BOOLEAN NOT NULL, "sealed" TEXT);
CREATE UNIQUE INDEX "case_case_reference" ON "registered_case" ("case_reference");
CREATE TABLE "contact" ("id" SERIAL NOT NULL PRIMARY KEY, "case_id" INTEGER NOT NULL, "person" TEXT NOT NULL, "name" TEXT NOT NULL, "email" TEXT, "phone" TEXT, "language" TEXT NOT NULL, "relation" TEXT NOT NULL, "exposure" TEXT NOT NULL, "last_exposure_date" TEXT NOT NULL, "health_worker" BOOLEAN NOT NULL, "token" TEXT NOT NULL, "outcome" TEXT, "told_at" DOUBLE PRECISION, "call" TEXT, "released" BOOLEAN NOT NULL, FOREIGN KEY ("case_id") REFERENCES "registered_case" ("id"));
CREATE INDEX "contact_case_id" ON "contact" ("case_id");
CREATE INDEX "contact_person" ON "contact" ("person");
CREATE UNIQUE INDEX "contact_token" ON "contact" ("token");
CREATE TABLE "effect" ("id" SERIAL NOT NULL PRIMARY KEY, "key" TEXT NOT NULL, "request_hash" TEXT NOT NULL, "answer" TEXT);
CREATE UNIQUE INDEX "effect_key" ON "effect" ("key");
