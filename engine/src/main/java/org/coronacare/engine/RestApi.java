package org.coronacare.engine;

import jakarta.ws.rs.ApplicationPath;
import org.camunda.bpm.engine.ProcessEngine;
import org.camunda.bpm.spring.boot.starter.rest.CamundaJerseyResourceConfig;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;

/** Camunda's REST API with the additional resources of this engine. */
@Component
@ApplicationPath(ServiceAccountFilter.PREFIX)
public class RestApi extends CamundaJerseyResourceConfig {

  private final ProcessEngine engine;
  private final PlatformTransactionManager transactions;

  RestApi(ProcessEngine engine, PlatformTransactionManager transactions) {
    this.engine = engine;
    this.transactions = transactions;
  }

  @Override
  protected void registerAdditionalResources() {
    register(new MigrationRehearsal(engine, transactions));
    register(new TaskPriority(engine));
  }
}
