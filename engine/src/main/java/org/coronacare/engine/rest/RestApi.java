package org.coronacare.engine.rest;

import jakarta.ws.rs.ApplicationPath;
import org.camunda.bpm.engine.ProcessEngine;
import org.camunda.bpm.spring.boot.starter.rest.CamundaJerseyResourceConfig;
import org.coronacare.engine.database.EmbeddedDatabase;
import org.coronacare.engine.support.Names;
import org.coronacare.engine.tasks.TaskFacts;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;

/** Camunda's REST API with the additional resources of this engine. */
@Component
@ApplicationPath(Names.REST_API)
public class RestApi extends CamundaJerseyResourceConfig {

  private final ProcessEngine engine;
  private final PlatformTransactionManager transactions;
  private final EmbeddedDatabase database;
  private final JdbcTemplate jdbc;
  private final TaskFacts facts;

  RestApi(
      ProcessEngine engine,
      PlatformTransactionManager transactions,
      EmbeddedDatabase database,
      JdbcTemplate jdbc,
      TaskFacts facts) {
    this.engine = engine;
    this.transactions = transactions;
    this.database = database;
    this.jdbc = jdbc;
    this.facts = facts;
  }

  @Override
  protected void registerAdditionalResources() {
    register(new ActivityStatistics(engine, jdbc));
    register(new DatabaseCopy(engine, database));
    register(new MigrationRehearsal(engine, transactions));
    register(new TaskPriority(engine, facts));
  }
}
