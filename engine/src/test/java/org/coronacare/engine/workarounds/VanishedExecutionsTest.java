package org.coronacare.engine.workarounds;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.camunda.bpm.engine.OptimisticLockingException;
import org.camunda.bpm.engine.ProcessEngine;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.cfg.StandaloneInMemProcessEngineConfiguration;
import org.camunda.bpm.engine.impl.interceptor.Command;
import org.camunda.bpm.engine.impl.persistence.entity.ExecutionEntity;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class VanishedExecutionsTest {

  /** An execution whose children another transaction has deleted. */
  private static final class Vanished extends ExecutionEntity {

    @Override
    public List<ExecutionEntity> getExecutions() {
      return null;
    }
  }

  private ProcessEngine engine;

  @BeforeEach
  void open() {
    var configuration = new StandaloneInMemProcessEngineConfiguration();
    configuration.setJdbcUrl("jdbc:h2:mem:vanished;DB_CLOSE_DELAY=-1");
    configuration.setDatabaseSchemaUpdate("create-drop");
    configuration.setProcessEnginePlugins(List.of(new VanishedExecutions()));
    engine = configuration.buildProcessEngine();
  }

  @AfterEach
  void close() {
    engine.close();
  }

  private void execute(Command<?> command) {
    ((ProcessEngineConfigurationImpl) engine.getProcessEngineConfiguration()).getCommandExecutorTxRequired().execute(command);
  }

  @Test
  void aCommandThatMissesExecutionsIsAConflict() {
    assertThrows(OptimisticLockingException.class, () -> execute(context -> new Vanished().getNonEventScopeExecutions()));
  }

  @Test
  void anotherMissingValueIsADefect() {
    assertThrows(NullPointerException.class, () -> execute(context -> ((String) null).length()));
  }
}
