package org.coronacare.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Map;
import org.camunda.bpm.engine.ProcessEngine;
import org.camunda.bpm.engine.ProcessEnginePersistenceException;
import org.camunda.bpm.engine.impl.interceptor.Command;
import org.camunda.bpm.engine.impl.interceptor.CommandInterceptor;
import org.camunda.bpm.engine.impl.migration.MigrateProcessInstanceCmd;
import org.camunda.bpm.engine.rest.dto.migration.MigrationPlanDto;
import org.camunda.bpm.engine.spring.SpringTransactionsProcessEngineConfiguration;
import org.camunda.bpm.model.bpmn.Bpmn;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.support.JdbcTransactionManager;

/** A case that goes on while it is rehearsed. */
class MigrationRehearsalTest {

  private final Overtaken overtaken = new Overtaken();

  private ProcessEngine engine;
  private MigrationRehearsal rehearsal;
  private MigrationPlanDto plan;
  private String instance;

  /** Number of times that each migration conflicts with another transaction. */
  private static final class Overtaken extends CommandInterceptor {

    private int times;

    @Override
    public <T> T execute(Command<T> command) {
      if (command instanceof MigrateProcessInstanceCmd && times-- > 0) {
        throw new ProcessEnginePersistenceException("what is referred to is gone", null);
      }
      return next.execute(command);
    }
  }

  @BeforeEach
  void aCaseOfAnOldVersion() {
    var database = new JdbcDataSource();
    database.setURL("jdbc:h2:mem:rehearsal;DB_CLOSE_DELAY=-1");
    var configuration = new SpringTransactionsProcessEngineConfiguration();
    configuration.setDataSource(database);
    configuration.setTransactionManager(new JdbcTransactionManager(database));
    configuration.setDatabaseSchemaUpdate("create-drop");
    configuration.setHistoryTimeToLive("P1D");
    configuration.setCustomPreCommandInterceptorsTxRequired(List.of(overtaken));
    engine = configuration.buildProcessEngine();
    rehearsal = new MigrationRehearsal(engine, configuration.getTransactionManager());
    var old = deploys("Before");
    instance = engine.getRuntimeService().startProcessInstanceById(old).getId();
    var changes = engine.getRuntimeService().createMigrationPlan(old, deploys("After")).mapEqualActivities().build();
    plan = MigrationPlanDto.from(changes);
  }

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void isLookedAtAgain() {
    overtaken.times = 4;
    assertEquals(List.of(), rehearsed());
  }

  @Test
  void isToldInTheEndAndOthersAreLookedAt() {
    overtaken.times = 5;
    var why = "each of 5 tries met with a change of another: ProcessEnginePersistenceException";
    assertEquals(List.of(new MigrationRehearsal.Failure(instance, null, why)), rehearsed());
  }

  private String deploys(String name) {
    var process = Bpmn.createExecutableProcess("process").name(name).startEvent().userTask("task").endEvent().done();
    var deployed = engine.getRepositoryService().createDeployment().addModelInstance("process.bpmn", process).deployWithResult();
    return deployed.getDeployedProcessDefinitions().get(0).getId();
  }

  /** What stands against the migration of the case, and of another that is looked at after it. */
  private List<MigrationRehearsal.Failure> rehearsed() {
    var other = engine.getRuntimeService().startProcessInstanceById(plan.getSourceProcessDefinitionId()).getId();
    var cases = List.of(Map.of(instance, 0), Map.of(other, 0));
    var request = new MigrationRehearsal.Request(List.of(new MigrationRehearsal.Move(plan, Map.of())), cases);
    var outcomes = rehearsal.rehearse(request, new ObjectMapper());
    assertEquals(List.of(), outcomes.get(1).failures());
    return outcomes.get(0).failures();
  }
}
