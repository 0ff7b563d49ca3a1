package org.coronacare.engine.tuning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.camunda.bpm.engine.ProcessEngine;
import org.camunda.bpm.engine.history.HistoricVariableInstance;
import org.camunda.bpm.engine.impl.cfg.StandaloneInMemProcessEngineConfiguration;
import org.camunda.bpm.model.bpmn.Bpmn;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CaseHistoryTest {

  private final String database = "jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1";
  private ProcessEngine engine;

  @AfterEach
  void close() {
    engine.close();
  }

  private ProcessEngine open(String level) {
    var configuration = new StandaloneInMemProcessEngineConfiguration();
    configuration.setJdbcUrl(database);
    configuration.setDatabaseSchemaUpdate("true");
    configuration.setEnforceHistoryTimeToLive(false);
    configuration.setHistory(level);
    configuration.setProcessEnginePlugins(List.of(new CaseHistory()));
    engine = configuration.buildProcessEngine();
    return engine;
  }

  /** A case with an input of a task, which calls a process with an asynchronous continuation, and fails. */
  private void runCase() {
    var called =
        Bpmn.createExecutableProcess("called").startEvent().camundaAsyncAfter().serviceTask().camundaExpression("${sample}").endEvent();
    var main =
        Bpmn.createExecutableProcess("main")
            .startEvent()
            .callActivity()
            .calledElement("called")
            .camundaIn("sample", "sample")
            .camundaOut("sample", "returned")
            .userTask("form")
            .camundaInputParameter("local", "1")
            .serviceTask("external")
            .camundaExternalTask("topic")
            .endEvent();
    engine.getRepositoryService()
        .createDeployment()
        .addModelInstance("called.bpmn", called.done())
        .addModelInstance("main.bpmn", main.done())
        .deploy();
    engine.getRuntimeService().startProcessInstanceByKey("main", Map.of("sample", "7"));
    engine.getManagementService().executeJob(engine.getManagementService().createJobQuery().singleResult().getId());
    engine.getTaskService().complete(engine.getTaskService().createTaskQuery().singleResult().getId(), Map.of("form", "sent"));
    var external = engine.getExternalTaskService();
    var task = external.fetchAndLock(1, "worker").topic("topic", 1000).execute().get(0);
    external.handleFailure(task.getId(), "worker", "no answer", 1, 0);
    external.complete(external.fetchAndLock(1, "worker").topic("topic", 1000).execute().get(0).getId(), "worker");
  }

  @Test
  void keepsVariablesOfTheCaseAndFailuresOnly() {
    open(CaseHistory.NAME);
    runCase();
    var history = engine.getHistoryService();
    Set<String> names =
        history.createHistoricVariableInstanceQuery().list().stream().map(HistoricVariableInstance::getName).collect(Collectors.toSet());
    assertEquals(Set.of("sample", "returned", "form"), names);
    assertEquals(0, history.createHistoricDetailQuery().count());
    assertEquals(0, history.createHistoricJobLogQuery().count());
    assertEquals(1, history.createHistoricExternalTaskLogQuery().count());
    assertEquals(1, history.createHistoricExternalTaskLogQuery().failureLog().count());
    assertEquals(2, history.createHistoricProcessInstanceQuery().finished().count());
    assertEquals(1, history.createHistoricActivityInstanceQuery().activityId("external").finished().count());
  }

  @Test
  void keepsTheLogOfFailedJobs() {
    open(CaseHistory.NAME);
    var model =
        Bpmn.createExecutableProcess("p").startEvent().camundaAsyncAfter().serviceTask().camundaExpression("${missing}").endEvent().done();
    engine.getRepositoryService().createDeployment().addModelInstance("p.bpmn", model).deploy();
    engine.getRuntimeService().startProcessInstanceByKey("p");
    String job = engine.getManagementService().createJobQuery().singleResult().getId();
    assertThrows(RuntimeException.class, () -> engine.getManagementService().executeJob(job));
    assertEquals(1, engine.getHistoryService().createHistoricJobLogQuery().failureLog().count());
    assertEquals(1, engine.getHistoryService().createHistoricJobLogQuery().count());
  }

  @Test
  void goesOnWithADatabaseOfLevelFullAndBack() {
    open("full").close();
    open(CaseHistory.NAME).close();
    open("full").close();
    open(CaseHistory.NAME);
  }
}
