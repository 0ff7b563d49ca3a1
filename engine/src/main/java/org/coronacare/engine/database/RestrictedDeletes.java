package org.coronacare.engine.database;

import java.util.Locale;
import org.springframework.jdbc.core.ConnectionCallback;
import org.springframework.jdbc.core.JdbcTemplate;

/**
 * Has PostgreSQL check the foreign keys of a deleted row with half as many queries: ON DELETE RESTRICT in place of NO ACTION, which also
 * looks for another row with the same key for each of them. Both refuse to delete a row that another one refers to. Executions have eleven
 * such foreign keys, and a case deletes dozens of executions.
 */
final class RestrictedDeletes {

  private static final String RESTRICT =
      """
      DO $$
      DECLARE
        key record;
      BEGIN
        FOR key IN
          SELECT conrelid::regclass AS child, conname AS name, pg_get_constraintdef(oid) AS definition
          FROM pg_constraint
          WHERE contype = 'f' AND confdeltype = 'a'
            AND confrelid IN ('act_ru_execution'::regclass, 'act_ru_task'::regclass, 'act_ge_bytearray'::regclass)
        LOOP
          EXECUTE format(
            'ALTER TABLE %1$s DROP CONSTRAINT %2$I, ADD CONSTRAINT %2$I %3$s ON DELETE RESTRICT', key.child, key.name, key.definition);
        END LOOP;
      END
      $$
      """;

  private RestrictedDeletes() {}

  /** Does nothing on H2, and where it was done before. */
  static void apply(JdbcTemplate database) {
    String product = database.execute((ConnectionCallback<String>) connection -> connection.getMetaData().getDatabaseProductName());
    if (product.toLowerCase(Locale.ROOT).contains("postgresql")) {
      database.execute(RESTRICT);
    }
  }
}
