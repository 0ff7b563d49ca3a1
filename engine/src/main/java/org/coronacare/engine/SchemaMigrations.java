package org.coronacare.engine;

import java.sql.Timestamp;
import java.time.Instant;
import java.util.List;
import org.camunda.bpm.engine.ProcessEngine;
import org.camunda.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * What the database has beside Camunda's own tables and indexes, as migrations; docs/decisions/schema-migrations.md says why it isn't
 * Flyway. CORONACARE_SCHEMA has the versions that are applied.
 */
@Component
public class SchemaMigrations extends AbstractProcessEnginePlugin {

  /**
   * The first one is version 1. Append only, and only what an engine of the version before works with: that one may run on the same
   * database. IF NOT EXISTS, since H2 commits each statement that changes the schema: an engine that is killed repeats it.
   */
  static final List<String> MIGRATIONS =
      List.of(
          // without them the database goes through all that waits, several times a second: through all jobs to find those that are due,
          // and through all tasks whenever one ends
          "CREATE INDEX IF NOT EXISTS CORONACARE_JOB_DUEDATE ON ACT_RU_JOB(DUEDATE_)",
          "CREATE INDEX IF NOT EXISTS CORONACARE_TASK_PARENT ON ACT_RU_TASK(PARENT_TASK_ID_)",
          IdempotencyKeys.TABLE);

  private static final String HISTORY =
      "CREATE TABLE IF NOT EXISTS CORONACARE_SCHEMA (VERSION_ INTEGER PRIMARY KEY, APPLIED_ TIMESTAMP NOT NULL)";

  /** As the engine itself, so that those that start at once come one after another. */
  private static final String ONE_AFTER_ANOTHER = "SELECT VALUE_ FROM ACT_GE_PROPERTY WHERE NAME_ = 'startup.lock' FOR UPDATE";

  private final JdbcTemplate database;
  private final TransactionTemplate transaction;

  SchemaMigrations(JdbcTemplate database, PlatformTransactionManager transactions) {
    this.database = database;
    this.transaction = new TransactionTemplate(transactions);
  }

  @Override
  public void postProcessEngineBuild(ProcessEngine engine) {
    transaction.executeWithoutResult(
        status -> {
          database.queryForList(ONE_AFTER_ANOTHER);
          database.execute(HISTORY);
          for (int version = appliedVersion() + 1; version <= MIGRATIONS.size(); version++) {
            database.execute(MIGRATIONS.get(version - 1));
            database.update("INSERT INTO CORONACARE_SCHEMA VALUES (?, ?)", version, Timestamp.from(Instant.now()));
          }
        });
  }

  /** The highest one; 0 when there is none. */
  private int appliedVersion() {
    return database.queryForObject("SELECT COALESCE(MAX(VERSION_), 0) FROM CORONACARE_SCHEMA", Integer.class);
  }
}
