package org.coronacare.engine.privacy;

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
import org.camunda.bpm.engine.impl.cmd.GetExecutionVariableCmd;
import org.camunda.bpm.engine.impl.cmd.GetExecutionVariableTypedCmd;
import org.camunda.bpm.engine.impl.cmd.GetExecutionVariablesCmd;
import org.camunda.bpm.engine.impl.cmd.GetRenderedTaskFormCmd;
import org.camunda.bpm.engine.impl.cmd.GetTaskFormVariablesCmd;
import org.camunda.bpm.engine.impl.cmd.GetTaskVariableCmd;
import org.camunda.bpm.engine.impl.cmd.GetTaskVariableCmdTyped;
import org.camunda.bpm.engine.impl.cmd.GetTaskVariablesCmd;
import org.camunda.bpm.engine.impl.context.Context;
import org.camunda.bpm.engine.impl.interceptor.Command;
import org.camunda.bpm.engine.impl.interceptor.CommandContext;
import org.camunda.bpm.engine.impl.interceptor.CommandInterceptor;
import org.camunda.bpm.engine.impl.oplog.UserOperationLogContext;
import org.camunda.bpm.engine.impl.oplog.UserOperationLogContextEntry;
import org.camunda.bpm.engine.impl.persistence.entity.PropertyChange;
import org.camunda.bpm.engine.runtime.VariableInstance;
import org.coronacare.engine.security.ServiceAccounts;
import org.coronacare.engine.support.Fields;
import org.coronacare.engine.support.Interceptors;
import org.springframework.stereotype.Component;
import org.springframework.util.ReflectionUtils;

/**
 * Records in the engine's user operation log which of the staff read a case's data, once in ten minutes for each user and case. Changes
 * are recorded there by the engine itself. The platform's own parts read on behalf of patients, and aren't recorded.
 */
@Component
public class ReadAccessLog extends AbstractProcessEnginePlugin {

  static final String READ = "Read";
  private static final long INTERVAL_MS = 10 * 60 * 1000;
  private static final int MAX_ENTRIES = 10_000;

  /** Fields of the commands that read variables of a task: with its id. An engine without such a field doesn't start. */
  private static final Map<Class<?>, Field> TASK_IDS =
      Map.of(
          GetTaskVariableCmd.class, Fields.of(GetTaskVariableCmd.class, "taskId"),
          GetTaskVariableCmdTyped.class, Fields.of(GetTaskVariableCmdTyped.class, "taskId"),
          GetTaskVariablesCmd.class, Fields.of(GetTaskVariablesCmd.class, "taskId"),
          GetRenderedTaskFormCmd.class, Fields.of(GetRenderedTaskFormCmd.class, "taskId"),
          GetTaskFormVariablesCmd.class, Fields.of(GetTaskFormVariablesCmd.class, "resourceId"));

  /** Fields of the commands that read variables of an execution: with its id. */
  private static final Map<Class<?>, Field> EXECUTION_IDS =
      Map.of(
          GetExecutionVariableCmd.class, Fields.of(GetExecutionVariableCmd.class, "executionId"),
          GetExecutionVariableTypedCmd.class, Fields.of(GetExecutionVariableTypedCmd.class, "executionId"),
          GetExecutionVariablesCmd.class, Fields.of(GetExecutionVariablesCmd.class, "executionId"));

  private final Set<String> parts;

  ReadAccessLog(ServiceAccounts accounts) {
    parts = accounts.serviceAccounts().keySet();
  }

  @Override
  public void preInit(ProcessEngineConfigurationImpl configuration) {
    Interceptors.addWithinTransaction(configuration, new Log(parts));
  }

  private static final class Log extends CommandInterceptor {

    private final Set<String> parts;
    private final Map<String, Long> logged =
        new LinkedHashMap<>() {
          @Override
          protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
            return size() > MAX_ENTRIES;
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
      if (TASK_IDS.containsKey(command.getClass())) {
        instances.add(instanceOfTask(context, idOf(command, TASK_IDS)));
      } else if (EXECUTION_IDS.containsKey(command.getClass())) {
        var execution = context.getExecutionManager().findExecutionById(idOf(command, EXECUTION_IDS));
        instances.add(execution == null ? null : execution.getProcessInstanceId());
      } else if (result instanceof List<?> rows) {
        rows.forEach(row -> instances.add(instanceOf(row)));
      } else {
        instances.add(instanceOf(result));
      }
      instances.remove(null);
      return instances;
    }

    private static String idOf(Object command, Map<Class<?>, Field> ids) {
      return (String) ReflectionUtils.getField(ids.get(command.getClass()), command);
    }

    private static String instanceOfTask(CommandContext context, String id) {
      var task = context.getTaskManager().findTaskById(id);
      return task == null ? null : task.getProcessInstanceId();
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

    private synchronized boolean isNew(String reading) {
      var now = System.currentTimeMillis();
      var before = logged.get(reading);
      if (before != null && now - before < INTERVAL_MS) {
        return false;
      }
      logged.remove(reading);
      logged.put(reading, now);
      return true;
    }

    private static void log(CommandContext context, String who, String instance) {
      var known = context.getHistoricProcessInstanceManager().findHistoricProcessInstance(instance);
      if (known == null) {
        return;
      }
      var entry = new UserOperationLogContextEntry(READ, "ProcessInstance");
      entry.setCategory("TaskWorker");
      entry.setProcessInstanceId(instance);
      entry.setProcessDefinitionId(known.getProcessDefinitionId());
      entry.setProcessDefinitionKey(known.getProcessDefinitionKey());
      entry.setRootProcessInstanceId(known.getRootProcessInstanceId());
      entry.setPropertyChanges(List.of(PropertyChange.EMPTY_CHANGE));
      var log = new UserOperationLogContext();
      log.setUserId(who);
      log.setOperationId(context.getProcessEngineConfiguration().getIdGenerator().getNextId());
      log.addEntry(entry);
      context.getOperationLogManager().logUserOperations(log);
    }
  }
}
