package org.coronacare.engine.security;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.camunda.bpm.engine.ProcessEngine;
import org.camunda.bpm.engine.impl.cfg.StandaloneInMemProcessEngineConfiguration;
import org.coronacare.engine.support.ExecutedQueries;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PartAuthorizationsTest {

  private static final String LOOK_UP = "selectRevokeAuthorization";

  private ProcessEngine engine;
  private ExecutedQueries queries;

  @BeforeEach
  void open() {
    var configuration = new StandaloneInMemProcessEngineConfiguration();
    configuration.setJdbcUrl("jdbc:h2:mem:authorizations;DB_CLOSE_DELAY=-1");
    configuration.setDatabaseSchemaUpdate("create-drop");
    configuration.setAuthorizationEnabled(true);
    configuration.setProcessEnginePlugins(List.of(new PartAuthorizations(new ServiceAccounts(Map.of("workers", List.of())))));
    engine = configuration.buildProcessEngine();
    queries = ExecutedQueries.of(engine);
  }

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void revokingAuthorizationsOfAPartAreLookedUpOnce() {
    query("workers");
    query("workers");
    assertEquals(1, queries.count(LOOK_UP));
  }

  @Test
  void thoseOfAPersonAreLookedUpEachTime() {
    query("doctor");
    query("doctor");
    assertEquals(2, queries.count(LOOK_UP));
  }

  private void query(String user) {
    engine.getIdentityService().setAuthenticatedUserId(user);
    engine.getTaskService().createTaskQuery().count();
  }
}
