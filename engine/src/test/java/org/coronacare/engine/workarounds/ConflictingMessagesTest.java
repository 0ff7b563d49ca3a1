package org.coronacare.engine.workarounds;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.camunda.bpm.engine.OptimisticLockingException;
import org.camunda.bpm.engine.ProcessEngine;
import org.camunda.bpm.engine.delegate.ExecutionListener;
import org.camunda.bpm.engine.impl.cfg.StandaloneInMemProcessEngineConfiguration;
import org.camunda.bpm.model.bpmn.Bpmn;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Ends an activity while another transaction delivers a message to its non-interrupting boundary event. */
class ConflictingMessagesTest {

  private ProcessEngine engine;
  private String instance;
  private Runnable duringDelivery = () -> {};

  @BeforeEach
  void startInstanceThatWaitsForItsResult() {
    var configuration = new StandaloneInMemProcessEngineConfiguration();
    configuration.setJdbcUrl("jdbc:h2:mem:messages;DB_CLOSE_DELAY=-1");
    configuration.setDatabaseSchemaUpdate("create-drop");
    configuration.setEnforceHistoryTimeToLive(false);
    configuration.setBeans(Map.of("during", (ExecutionListener) execution -> duringDelivery.run()));
    configuration.setProcessEnginePlugins(List.of(new ConflictingMessages()));
    engine = configuration.buildProcessEngine();
    // the fork leaves a concurrent branch, without which both transactions change the same execution anyway
    var model =
        Bpmn.createExecutableProcess("p")
            .startEvent()
            .parallelGateway("fork")
            .userTask("call")
            .endEvent()
            .moveToNode("fork")
            .receiveTask("wait")
            .message("result")
            .exclusiveGateway("outcome")
            .condition("yes", "${withdrawn}")
            .userTask("withdrawn")
            .endEvent()
            .moveToNode("outcome")
            .condition("no", "${!withdrawn}")
            .userTask("report")
            .endEvent()
            .moveToActivity("wait")
            .boundaryEvent("withdraws")
            .cancelActivity(false)
            .message("withdrawal")
            .camundaExecutionListenerDelegateExpression("start", "${during}")
            .camundaExecutionListenerExpression("end", "${execution.setVariable('withdrawn', true)}")
            .endEvent()
            .done();
    engine.getRepositoryService().createDeployment().addModelInstance("p.bpmn", model).deploy();
    instance = engine.getRuntimeService().startProcessInstanceByKey("p", Map.of("withdrawn", false)).getId();
  }

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void aMessageToAnActivityThatEndsMeanwhileIsRefused() {
    duringDelivery = () -> CompletableFuture.runAsync(() -> correlate("result")).join();
    assertThrows(OptimisticLockingException.class, () -> correlate("withdrawal"));
    assertEquals(1, tasks("report"));
    assertEquals(false, engine.getRuntimeService().getVariable(instance, "withdrawn"));
  }

  @Test
  void aMessageBeforeTheEndTakesEffect() {
    correlate("withdrawal");
    correlate("result");
    assertEquals(1, tasks("withdrawn"));
  }

  private void correlate(String message) {
    engine.getRuntimeService().correlateMessage(message);
  }

  private long tasks(String key) {
    return engine.getTaskService().createTaskQuery().taskDefinitionKey(key).count();
  }
}
