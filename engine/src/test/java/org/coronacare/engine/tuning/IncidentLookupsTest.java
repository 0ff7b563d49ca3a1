package org.coronacare.engine.tuning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.camunda.bpm.engine.ProcessEngine;
import org.camunda.bpm.engine.ProcessEngineException;
import org.camunda.bpm.engine.externaltask.LockedExternalTask;
import org.camunda.bpm.engine.impl.cfg.StandaloneInMemProcessEngineConfiguration;
import org.camunda.bpm.engine.variable.Variables;
import org.camunda.bpm.model.bpmn.Bpmn;
import org.coronacare.engine.support.ExecutedQueries;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A job that divides by the variable "divisor", and an external task after it. */
class IncidentLookupsTest {

  private ProcessEngine engine;
  private ExecutedQueries queries;

  @BeforeEach
  void open() {
    var configuration = new StandaloneInMemProcessEngineConfiguration();
    configuration.setJdbcUrl("jdbc:h2:mem:incidents;DB_CLOSE_DELAY=-1");
    configuration.setDatabaseSchemaUpdate("create-drop");
    configuration.setEnforceHistoryTimeToLive(false);
    configuration.setHistory("full");
    configuration.setDefaultNumberOfRetries(1);
    configuration.setProcessEnginePlugins(List.of(new IncidentLookups()));
    engine = configuration.buildProcessEngine();
    queries = ExecutedQueries.of(engine);
    var model =
        Bpmn.createExecutableProcess("p")
            .startEvent()
            .serviceTask("job")
            .camundaExpression("${1 % divisor}")
            .camundaAsyncBefore()
            .serviceTask("external")
            .camundaExternalTask("t")
            .endEvent()
            .done();
    engine.getRepositoryService().createDeployment().addModelInstance("p.bpmn", model).deploy();
  }

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void withoutAnIncidentNoneIsLookedFor() {
    start(1);
    execute();
    engine.getExternalTaskService().complete(fetch().getId(), "w");
    assertEquals(0, engine.getRuntimeService().createProcessInstanceQuery().count());
    assertEquals(0, queries.count("selectIncidentsByConfiguration"));
  }

  @Test
  void theIncidentOfAJobEndsWithIt() {
    start(0);
    assertThrows(ProcessEngineException.class, this::execute);
    assertEquals(1, incidents());
    var instance = engine.getRuntimeService().createProcessInstanceQuery().singleResult().getId();
    engine.getRuntimeService().setVariable(instance, "divisor", 1);
    execute();
    assertEquals(0, incidents());
    assertEquals(1, engine.getHistoryService().createHistoricIncidentQuery().resolved().count());
  }

  @Test
  void theIncidentOfAJobEndsWithNewRetries() {
    start(0);
    assertThrows(ProcessEngineException.class, this::execute);
    engine.getManagementService().setJobRetries(engine.getManagementService().createJobQuery().singleResult().getId(), 2);
    assertEquals(0, incidents());
  }

  @Test
  void theIncidentOfAnExternalTaskEndsWithNewRetries() {
    fail();
    engine.getExternalTaskService().setRetries(engine.getExternalTaskService().createExternalTaskQuery().singleResult().getId(), 1);
    assertEquals(0, incidents());
    assertEquals(1, engine.getHistoryService().createHistoricIncidentQuery().resolved().count());
  }

  @Test
  void theIncidentOfAnExternalTaskEndsWithIt() {
    fail();
    engine.getExternalTaskService().complete(engine.getExternalTaskService().createExternalTaskQuery().singleResult().getId(), "w");
    assertEquals(0, incidents());
  }

  @Test
  void incidentsEndWithTheirInstance() {
    fail();
    engine.getRuntimeService().deleteProcessInstance(engine.getRuntimeService().createProcessInstanceQuery().singleResult().getId(), "test");
    assertEquals(0, incidents());
    assertEquals(1, engine.getHistoryService().createHistoricIncidentQuery().deleted().count());
  }

  private void start(int divisor) {
    engine.getRuntimeService().startProcessInstanceByKey("p", Variables.putValue("divisor", divisor));
  }

  private void execute() {
    engine.getManagementService().executeJob(engine.getManagementService().createJobQuery().singleResult().getId());
  }

  private LockedExternalTask fetch() {
    return engine.getExternalTaskService().fetchAndLock(1, "w").topic("t", 60_000).execute().get(0);
  }

  /** Leaves an external task with an incident. */
  private void fail() {
    start(1);
    execute();
    engine.getExternalTaskService().handleFailure(fetch().getId(), "w", "failed", 0, 0);
    assertEquals(1, incidents());
  }

  private long incidents() {
    return engine.getRuntimeService().createIncidentQuery().count();
  }
}
