package org.coronacare.engine.workarounds;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.camunda.bpm.engine.OptimisticLockingException;
import org.camunda.bpm.engine.ProcessEngine;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.cfg.StandaloneInMemProcessEngineConfiguration;
import org.camunda.bpm.engine.impl.interceptor.Command;
import org.camunda.bpm.model.bpmn.Bpmn;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Suspends or activates an instance while another transaction writes its external task. */
class SuspensionRevisionTest {

  private ProcessEngine engine;
  private String instance;

  @BeforeEach
  void startInstanceWithAnExternalTask() {
    var configuration = new StandaloneInMemProcessEngineConfiguration();
    configuration.setJdbcUrl("jdbc:h2:mem:suspension;DB_CLOSE_DELAY=-1");
    configuration.setDatabaseSchemaUpdate("create-drop");
    configuration.setEnforceHistoryTimeToLive(false);
    configuration.setProcessEnginePlugins(List.of(new SuspensionRevision()));
    engine = configuration.buildProcessEngine();
    var model =
        Bpmn.createExecutableProcess("p").startEvent().serviceTask("e").camundaExternalTask("t").endEvent().done();
    engine.getRepositoryService().createDeployment().addModelInstance("p.bpmn", model).deploy();
    instance = engine.getRuntimeService().startProcessInstanceByKey("p").getId();
  }

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void renewingALockDoesNotUndoAnActivation() {
    suspend();
    assertThrows(OptimisticLockingException.class, () -> renewLockDuring(this::activate));
    assertFalse(isSuspended());
  }

  @Test
  void renewingALockDoesNotUndoASuspension() {
    assertThrows(OptimisticLockingException.class, () -> renewLockDuring(this::suspend));
    assertTrue(isSuspended());
  }

  @Test
  void tasksAreSuspendedAndActivatedByProcessDefinition() {
    engine.getRepositoryService().suspendProcessDefinitionByKey("p", true, null);
    assertTrue(isSuspended());
    engine.getRepositoryService().activateProcessDefinitionByKey("p", true, null);
    assertFalse(isSuspended());
  }

  private void renewLockDuring(Runnable change) {
    var id = engine.getExternalTaskService().createExternalTaskQuery().singleResult().getId();
    execute(
        context -> {
          var task = context.getExternalTaskManager().findExternalTaskById(id);
          runConcurrently(change);
          task.lock("worker", 10_000);
          return null;
        });
  }

  private void execute(Command<Void> command) {
    ((ProcessEngineConfigurationImpl) engine.getProcessEngineConfiguration()).getCommandExecutorTxRequired().execute(command);
  }

  /** Runs a change in another transaction. */
  private static void runConcurrently(Runnable change) {
    CompletableFuture.runAsync(change).join();
  }

  private void suspend() {
    engine.getRuntimeService().suspendProcessInstanceById(instance);
  }

  private void activate() {
    engine.getRuntimeService().activateProcessInstanceById(instance);
  }

  private boolean isSuspended() {
    return engine.getExternalTaskService().createExternalTaskQuery().suspended().count() > 0;
  }
}
