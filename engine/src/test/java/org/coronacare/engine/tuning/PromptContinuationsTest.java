package org.coronacare.engine.tuning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.camunda.bpm.engine.ProcessEngine;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.cfg.StandaloneInMemProcessEngineConfiguration;
import org.camunda.bpm.engine.impl.jobexecutor.DefaultJobExecutor;
import org.camunda.bpm.engine.impl.jobexecutor.JobExecutor;
import org.camunda.bpm.engine.impl.persistence.entity.JobEntity;
import org.camunda.bpm.model.bpmn.Bpmn;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** With a job executor that is active and acquires nothing. */
class PromptContinuationsTest {

  private static final class Idle extends DefaultJobExecutor {

    @Override
    protected void startExecutingJobs() {}

    @Override
    protected void stopExecutingJobs() {}
  }

  private final JobExecutor executor = new Idle();
  private final PromptContinuations continuations = new PromptContinuations();
  private ProcessEngine engine;

  @BeforeEach
  void open() {
    var configuration = new StandaloneInMemProcessEngineConfiguration();
    configuration.setJdbcUrl("jdbc:h2:mem:continuations;DB_CLOSE_DELAY=-1");
    configuration.setDatabaseSchemaUpdate("create-drop");
    configuration.setEnforceHistoryTimeToLive(false);
    configuration.setJobExecutor(executor);
    configuration.setJobExecutorActivate(true);
    configuration.setProcessEnginePlugins(List.of(continuations));
    engine = configuration.buildProcessEngine();
    var model =
        Bpmn.createExecutableProcess("p")
            .startEvent()
            .userTask("form")
            .camundaAsyncAfter()
            .userTask("next")
            .boundaryEvent()
            .timerWithDuration("PT0S")
            .endEvent()
            .done();
    engine.getRepositoryService().createDeployment().addModelInstance("p.bpmn", model).deploy();
  }

  @AfterEach
  void close() {
    engine.close();
  }

  private void sendForm() {
    engine.getRuntimeService().startProcessInstanceByKey("p");
    engine.getTaskService().complete(engine.getTaskService().createTaskQuery().taskDefinitionKey("form").singleResult().getId());
  }

  private long count(String task) {
    return engine.getTaskService().createTaskQuery().taskDefinitionKey(task).count();
  }

  @Test
  void aContinuationIsExecutedWithoutBeingAcquired() throws Exception {
    sendForm();
    var arrived =
        CompletableFuture.runAsync(
            () -> {
              while (count("next") == 0) {
                Thread.onSpinWait();
              }
            });
    arrived.get(10, TimeUnit.SECONDS);
    // timers are acquired
    assertEquals(1, engine.getManagementService().createJobQuery().timers().count());
  }

  @Test
  void aContinuationIsLeftToTheAcquisitionWhenTheEngineStops() {
    continuations.onApplicationEvent(null);
    sendForm();
    var job = (JobEntity) engine.getManagementService().createJobQuery().messages().singleResult();
    assertEquals(null, job.getLockOwner());
  }

  @Test
  void theExecutorIsNeitherUsedNorLockedWhenItIsNotActive() {
    executor.shutdown();
    sendForm();
    assertEquals(0, count("next"));
    var configuration = (ProcessEngineConfigurationImpl) engine.getProcessEngineConfiguration();
    assertTrue(!configuration.getJobExecutor().isActive());
  }
}
