package org.coronacare.engine.rest;

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

/** Rehearsal of a case that another transaction changes. */
class MigrationRehearsalTest {

  private final Conflicts conflicts = new Conflicts();

  private ProcessEngine engine;
  private MigrationRehearsal rehearsal;
  private MigrationPlanDto plan;
  private String instance;

  /** Number of times that each migration conflicts with another transaction. */
  private static final class Conflicts extends CommandInterceptor {

    private int times;

    @Override
    public <T> T execute(Command<T> command) {
      if (command instanceof MigrateProcessInstanceCmd && times-- > 0) {
        throw new ProcessEnginePersistenceException("foreign key violated", null);
      }
      return next.execute(command);
    }
  }

  @BeforeEach
  void startInstanceOfAnOldVersion() {
    var database = new JdbcDataSource();
    database.setURL("jdbc:h2:mem:rehearsal;DB_CLOSE_DELAY=-1");
    var configuration = new SpringTransactionsProcessEngineConfiguration();
    configuration.setDataSource(database);
    configuration.setTransactionManager(new JdbcTransactionManager(database));
    configuration.setDatabaseSchemaUpdate("create-drop");
    configuration.setHistoryTimeToLive("P1D");
    configuration.setCustomPreCommandInterceptorsTxRequired(List.of(conflicts));
    engine = configuration.buildProcessEngine();
    rehearsal = new MigrationRehearsal(engine, configuration.getTransactionManager());
    var old = deploy("Before");
    instance = engine.getRuntimeService().startProcessInstanceById(old).getId();
    var changes = engine.getRuntimeService().createMigrationPlan(old, deploy("After")).mapEqualActivities().build();
    plan = MigrationPlanDto.from(changes);
  }

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void aConflictIsRetried() {
    conflicts.times = 4;
    assertEquals(List.of(), rehearse());
  }

  @Test
  void aPermanentConflictIsReportedAndOtherCasesAreRehearsed() {
    conflicts.times = 5;
    var why = "each of 5 attempts conflicted with another transaction: ProcessEnginePersistenceException";
    assertEquals(List.of(new MigrationRehearsal.Failure(instance, null, why)), rehearse());
  }

  private String deploy(String name) {
    var process = Bpmn.createExecutableProcess("process").name(name).startEvent().userTask("task").endEvent().done();
    var deployed = engine.getRepositoryService().createDeployment().addModelInstance("process.bpmn", process).deployWithResult();
    return deployed.getDeployedProcessDefinitions().get(0).getId();
  }

  /** Returns the failures of the case; another case, rehearsed after it, has none. */
  private List<MigrationRehearsal.Failure> rehearse() {
    var other = engine.getRuntimeService().startProcessInstanceById(plan.getSourceProcessDefinitionId()).getId();
    var cases = List.of(Map.of(instance, 0), Map.of(other, 0));
    var request = new MigrationRehearsal.Request(List.of(new MigrationRehearsal.Move(plan, Map.of())), cases);
    var outcomes = rehearsal.rehearse(request, new ObjectMapper());
    assertEquals(List.of(), outcomes.get(1).failures());
    return outcomes.get(0).failures();
  }
}
