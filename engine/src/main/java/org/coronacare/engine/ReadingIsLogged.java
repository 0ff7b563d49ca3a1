package org.coronacare.engine;

import java.lang.reflect.Field;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.camunda.bpm.engine.history.HistoricDecisionInstance;
import org.camunda.bpm.engine.history.HistoricDetail;
import org.camunda.bpm.engine.history.HistoricVariableInstance;
import org.camunda.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.context.Context;
import org.camunda.bpm.engine.impl.interceptor.Command;
import org.camunda.bpm.engine.impl.interceptor.CommandContext;
import org.camunda.bpm.engine.impl.interceptor.CommandInterceptor;
import org.camunda.bpm.engine.impl.oplog.UserOperationLogContext;
import org.camunda.bpm.engine.impl.oplog.UserOperationLogContextEntry;
import org.camunda.bpm.engine.impl.persistence.entity.PropertyChange;
import org.camunda.bpm.engine.runtime.VariableInstance;
import org.springframework.stereotype.Component;
import org.springframework.util.ReflectionUtils;

/**
 * Who of the staff reads what a case knows is in the engine's user operation log, as who changes something is: once in ten minutes
 * for each person and case. The platform's own parts read for patients, and aren't logged.
 */
@Component
public class ReadingIsLogged extends AbstractProcessEnginePlugin {

  static final String READ = "Read";
  private static final long ONCE_IN_MS = 10 * 60 * 1000;
  private static final int MOST_KEPT = 10_000;

  private final Set<String> parts;

  ReadingIsLogged(ServiceAccounts accounts) {
    parts = accounts.serviceAccounts().keySet();
  }

  @Override
  public void preInit(ProcessEngineConfigurationImpl configuration) {
    Interceptors.addWithinTransaction(configuration, new Log(parts));
  }

  private static final class Log extends CommandInterceptor {

    /** Of the engine's commands that read variables, the fields that say of what. */
    private static final List<String> OF_TASKS = List.of("taskId", "resourceId");
    private static final List<String> OF_EXECUTIONS = List.of("executionId");

    private final Set<String> parts;
    private final Map<String, Long> logged =
        new LinkedHashMap<>() {
          @Override
          protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
            return size() > MOST_KEPT;
          }
        };

    Log(Set<String> parts) {
      this.parts = parts;
    }

    @Override
    public <T> T execute(Command<T> command) {
      T result = next.execute(command);
      var context = Context.getCommandContext();
      var who = context.getAuthenticatedUserId();
      if (who != null && !parts.contains(who)) {
        for (String instance : instancesOf(context, command, result)) {
          if (isNew(who + " " + instance)) {
            log(context, who, instance);
          }
        }
      }
      return result;
    }

    private static Set<String> instancesOf(CommandContext context, Object command, Object result) {
      var instances = new LinkedHashSet<String>();
      var name = command.getClass().getSimpleName();
      if (name.matches("GetTaskVariable.*|GetTaskFormVariables.*|GetRenderedTaskForm.*")) {
        var task = context.getTaskManager().findTaskById(valueOf(command, OF_TASKS));
        instances.add(task == null ? null : task.getProcessInstanceId());
      } else if (name.matches("GetExecutionVariable.*")) {
        var execution = context.getExecutionManager().findExecutionById(valueOf(command, OF_EXECUTIONS));
        instances.add(execution == null ? null : execution.getProcessInstanceId());
      } else if (result instanceof List<?> rows) {
        rows.forEach(row -> instances.add(instanceOf(row)));
      } else {
        instances.add(instanceOf(result));
      }
      instances.remove(null);
      return instances;
    }

    private static String instanceOf(Object row) {
      if (row instanceof VariableInstance variable) {
        return variable.getProcessInstanceId();
      }
      if (row instanceof HistoricVariableInstance variable) {
        return variable.getProcessInstanceId();
      }
      if (row instanceof HistoricDetail detail) {
        return detail.getProcessInstanceId();
      }
      return row instanceof HistoricDecisionInstance decision ? decision.getProcessInstanceId() : null;
    }

    private static String valueOf(Object command, List<String> names) {
      for (String name : names) {
        Field field = ReflectionUtils.findField(command.getClass(), name);
        if (field != null) {
          ReflectionUtils.makeAccessible(field);
          return (String) ReflectionUtils.getField(field, command);
        }
      }
      return null;
    }

    private synchronized boolean isNew(String reading) {
      var now = System.currentTimeMillis();
      var before = logged.get(reading);
      if (before != null && now - before < ONCE_IN_MS) {
        return false;
      }
      logged.remove(reading);
      logged.put(reading, now);
      return true;
    }

    private static void log(CommandContext context, String who, String instance) {
      var execution = context.getExecutionManager().findExecutionById(instance);
      var ended = execution == null ? context.getHistoricProcessInstanceManager().findHistoricProcessInstance(instance) : null;
      if (execution == null && ended == null) {
        return;
      }
      var entry = new UserOperationLogContextEntry(READ, "ProcessInstance");
      entry.setCategory("TaskWorker");
      entry.setProcessInstanceId(instance);
      entry.setProcessDefinitionId(execution == null ? ended.getProcessDefinitionId() : execution.getProcessDefinitionId());
      entry.setProcessDefinitionKey(key(entry.getProcessDefinitionId()));
      entry.setRootProcessInstanceId(execution == null ? ended.getRootProcessInstanceId() : execution.getRootProcessInstanceId());
      entry.setPropertyChanges(List.of(PropertyChange.EMPTY_CHANGE));
      var log = new UserOperationLogContext();
      log.setUserId(who);
      log.setOperationId(context.getProcessEngineConfiguration().getIdGenerator().getNextId());
      log.addEntry(entry);
      context.getOperationLogManager().logUserOperations(log);
    }

    private static String key(String definition) {
      return definition == null ? null : definition.split(":")[0];
    }
  }
}
