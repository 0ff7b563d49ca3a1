package org.coronacare.engine.database;

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
 * Migrations that add tables and indexes to Camunda's own; docs/decisions/schema-migrations.md says why it isn't Flyway. The table
 * CORONACARE_SCHEMA lists the applied versions.
 */
@Component
public class SchemaMigrations extends AbstractProcessEnginePlugin {

  /**
   * The first one is version 1. Append only, and compatible with an engine of the version before, which may run on the same database.
   * IF NOT EXISTS, since H2 commits each DDL statement: an engine that was killed repeats it.
   */
  static final List<String> MIGRATIONS =
      List.of(
          // without them the database scans all jobs several times a second to find those that are due, and all tasks whenever
          // one ends
          "CREATE INDEX IF NOT EXISTS CORONACARE_JOB_DUEDATE ON ACT_RU_JOB(DUEDATE_)",
          "CREATE INDEX IF NOT EXISTS CORONACARE_TASK_PARENT ON ACT_RU_TASK(PARENT_TASK_ID_)",
          // rest/IdempotencyKeys.java
          "CREATE TABLE IF NOT EXISTS CORONACARE_ONCE (HASH_ VARCHAR(64) PRIMARY KEY, AT_ TIMESTAMP NOT NULL)",
          // without it the database scans the history whenever /staff/now counts the activity instances at a step
          "CREATE INDEX IF NOT EXISTS CORONACARE_ACTINST_STEP ON ACT_HI_ACTINST(ACT_ID_, END_TIME_, START_TIME_)");

  private static final String HISTORY =
      "CREATE TABLE IF NOT EXISTS CORONACARE_SCHEMA (VERSION_ INTEGER PRIMARY KEY, APPLIED_ TIMESTAMP NOT NULL)";

  /** Locks as the engine itself does, so that engines that start at once apply migrations one after another. */
  private static final String LOCK_STARTUP = "SELECT VALUE_ FROM ACT_GE_PROPERTY WHERE NAME_ = 'startup.lock' FOR UPDATE";

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
          database.queryForList(LOCK_STARTUP);
          database.execute(HISTORY);
          for (int version = appliedVersion() + 1; version <= MIGRATIONS.size(); version++) {
            database.execute(MIGRATIONS.get(version - 1));
            database.update("INSERT INTO CORONACARE_SCHEMA VALUES (?, ?)", version, Timestamp.from(Instant.now()));
          }
          RestrictedDeletes.apply(database);
        });
  }

  /** The highest applied version; 0 if there is none. */
  private int appliedVersion() {
    return database.queryForObject("SELECT COALESCE(MAX(VERSION_), 0) FROM CORONACARE_SCHEMA", Integer.class);
  }
}
