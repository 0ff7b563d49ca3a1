CREATE TABLE "effect" ("id" SERIAL NOT NULL PRIMARY KEY, "key" TEXT NOT NULL, "request_hash" TEXT NOT NULL, "answer" TEXT);
CREATE UNIQUE INDEX "effect_key" ON "effect" ("key");
CREATE TABLE "sms" ("id" SERIAL NOT NULL PRIMARY KEY, "key" TEXT NOT NULL, "recipient" TEXT NOT NULL, "text" TEXT NOT NULL);
CREATE INDEX "sms_key" ON "sms" ("key");
CREATE INDEX "sms_recipient" ON "sms" ("recipient");
