package org.coronacare.engine;

import java.util.List;
import org.camunda.bpm.engine.ProcessEngine;
import org.camunda.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** What the database has beside Camunda's own tables and indexes. */
@Component
public class OurSchema extends AbstractProcessEnginePlugin {

  private static final List<String> STATEMENTS =
      List.of(
          // without them the database goes through all that waits, several times a second: through all jobs to find those that are due,
          // and through all tasks whenever one ends
          "CREATE INDEX IF NOT EXISTS CORONACARE_JOB_DUEDATE ON ACT_RU_JOB(DUEDATE_)",
          "CREATE INDEX IF NOT EXISTS CORONACARE_TASK_PARENT ON ACT_RU_TASK(PARENT_TASK_ID_)",
          OnlyOnce.TABLE);

  /** As the engine itself, so that those that start at once come one after another. */
  private static final String ONE_AFTER_ANOTHER = "SELECT VALUE_ FROM ACT_GE_PROPERTY WHERE NAME_ = 'startup.lock' FOR UPDATE";

  private final JdbcTemplate database;
  private final TransactionTemplate transaction;

  OurSchema(JdbcTemplate database, PlatformTransactionManager transactions) {
    this.database = database;
    this.transaction = new TransactionTemplate(transactions);
  }

  @Override
  public void postProcessEngineBuild(ProcessEngine engine) {
    transaction.executeWithoutResult(
        status -> {
          database.queryForList(ONE_AFTER_ANOTHER);
          STATEMENTS.forEach(database::execute);
        });
  }
}
