package org.coronacare.engine.rest;

import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.ext.Providers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.camunda.bpm.engine.AuthorizationException;
import org.camunda.bpm.engine.OptimisticLockingException;
import org.camunda.bpm.engine.ProcessEngine;
import org.camunda.bpm.engine.ProcessEngineException;
import org.camunda.bpm.engine.ProcessEnginePersistenceException;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.migration.MigratingProcessInstanceValidationException;
import org.camunda.bpm.engine.migration.MigratingProcessInstanceValidationReport;
import org.camunda.bpm.engine.migration.MigrationPlan;
import org.camunda.bpm.engine.rest.dto.VariableValueDto;
import org.camunda.bpm.engine.rest.dto.migration.MigrationPlanDto;
import org.coronacare.engine.privacy.RedactedMessages;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Migrates each case in a transaction that is rolled back, and reports which can't be migrated, and why. Camunda's REST API has no dry
 * run, and its validation compares the diagrams alone: a timer on a variable that a case lacks fails only when that case is migrated.
 */
@Path("/coronacare/migration/rehearse")
@Consumes(MediaType.APPLICATION_JSON)
@Produces(MediaType.APPLICATION_JSON)
public class MigrationRehearsal {

  private static final int ATTEMPTS = 5;

  /**
   * A migration plan for the instances of one version.
   *
   * @param variables set before the migration in instances that lack them
   */
  public record Move(MigrationPlanDto plan, Map<String, VariableValueDto> variables) {}

  /**
   * @param cases the process instances of each case, each with the number of its move; a case moves as a whole
   */
  public record Request(List<Move> moves, List<Map<String, Integer>> cases) {}

  /**
   * @param step the id of the element at which the instance is; null if it isn't known
   */
  public record Failure(String processInstanceId, String step, String reason) {}

  /**
   * The outcome of one case.
   *
   * @param without the variables that its process instances lacked
   */
  public record Outcome(List<Failure> failures, Map<String, Set<String>> without) {}

  private record PreparedMove(MigrationPlan plan, Map<String, Object> variables) {}

  private final ProcessEngine engine;
  private final TransactionTemplate transaction;

  @Context private Providers providers;

  MigrationRehearsal(ProcessEngine engine, PlatformTransactionManager transactions) {
    this.engine = engine;
    this.transaction = new TransactionTemplate(transactions);
    this.transaction.setPropagationBehavior(TransactionDefinition.PROPAGATION_REQUIRES_NEW);
  }

  @POST
  public List<Outcome> rehearse(Request request) {
    var json = providers.getContextResolver(ObjectMapper.class, MediaType.APPLICATION_JSON_TYPE).getContext(ObjectMapper.class);
    return rehearse(request, json);
  }

  List<Outcome> rehearse(Request request, ObjectMapper json) {
    var moves = request.moves().stream().map(move -> prepare(move, json)).toList();
    return request.cases().stream().map(each -> rehearse(each, moves)).toList();
  }

  private PreparedMove prepare(Move move, ObjectMapper json) {
    return new PreparedMove(
        MigrationPlanDto.toMigrationPlan(engine, json, move.plan()), VariableValueDto.toMap(move.variables(), engine, json));
  }

  private Outcome rehearse(Map<String, Integer> instances, List<PreparedMove> moves) {
    for (int attempt = 1; ; attempt++) {
      try {
        return rehearseOnce(instances, moves);
      } catch (OptimisticLockingException | ProcessEnginePersistenceException conflict) {
        // another transaction is changing the case
        if (attempt == ATTEMPTS) {
          return createConflict(instances.keySet(), conflict);
        }
      }
    }
  }

  private static Outcome createConflict(Set<String> instances, ProcessEngineException last) {
    var reason = "each of " + ATTEMPTS + " attempts conflicted with another transaction: " + RedactedMessages.nameOf(last);
    return new Outcome(instances.stream().limit(1).map(each -> new Failure(each, null, reason)).toList(), Map.of());
  }

  private Outcome rehearseOnce(Map<String, Integer> instances, List<PreparedMove> moves) {
    var outcome = new Outcome(new ArrayList<>(), new TreeMap<>());
    transaction.executeWithoutResult(
        status -> {
          status.setRollbackOnly();
          for (var each : instances.entrySet()) {
            if (outcome.failures().isEmpty() && exists(each.getKey())) {
              move(each.getKey(), moves.get(each.getValue()), outcome);
            }
          }
        });
    return outcome;
  }

  private boolean exists(String instance) {
    var found = engine.getRuntimeService().createProcessInstanceQuery().processInstanceId(instance);
    return withoutAuthorization(() -> found.count() == 1);
  }

  private void move(String instance, PreparedMove move, Outcome outcome) {
    try {
      var without = setMissingVariables(instance, move.variables());
      if (!without.isEmpty()) {
        outcome.without().put(instance, without);
      }
      engine.getRuntimeService().newMigration(move.plan()).processInstanceIds(instance).execute();
    } catch (AuthorizationException | OptimisticLockingException | ProcessEnginePersistenceException refused) {
      throw refused;
    } catch (MigratingProcessInstanceValidationException invalid) {
      outcome.failures().addAll(failures(invalid.getValidationReport()));
    } catch (RuntimeException failed) {
      outcome.failures().add(new Failure(instance, null, RedactedMessages.nameOf(failed)));
    }
  }

  /** Sets the missing variables; returns their names. */
  private Set<String> setMissingVariables(String instance, Map<String, Object> values) {
    var runtime = engine.getRuntimeService();
    return withoutAuthorization(
        () -> {
          var without = new TreeSet<>(values.keySet());
          without.removeAll(runtime.getVariablesLocal(instance, values.keySet()).keySet());
          without.forEach(name -> runtime.setVariableLocal(instance, name, values.get(name)));
          return without;
        });
  }

  /** Without authorization checks: a user who may migrate a case needn't be permitted to read it. The migration itself is checked. */
  private <T> T withoutAuthorization(Callable<T> work) {
    var configuration = (ProcessEngineConfigurationImpl) engine.getProcessEngineConfiguration();
    return configuration.getCommandExecutorTxRequired().execute(context -> context.runWithoutAuthorization(work));
  }

  private static List<Failure> failures(MigratingProcessInstanceValidationReport report) {
    var instance = report.getProcessInstanceId();
    var whole = report.getFailures().stream().map(reason -> new Failure(instance, null, reason));
    var activities =
        report.getActivityInstanceReports().stream()
            .flatMap(each -> each.getFailures().stream().map(reason -> new Failure(instance, each.getSourceScopeId(), reason)));
    var transitions =
        report.getTransitionInstanceReports().stream()
            .flatMap(each -> each.getFailures().stream().map(reason -> new Failure(instance, each.getSourceScopeId(), reason)));
    return Stream.of(whole, activities, transitions).flatMap(each -> each).toList();
  }
}
