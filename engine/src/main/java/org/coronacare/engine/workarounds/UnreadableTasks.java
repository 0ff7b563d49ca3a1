package org.coronacare.engine.workarounds;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.camunda.bpm.engine.impl.QueryOrderingProperty;
import org.camunda.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.cmd.FetchExternalTasksCmd;
import org.camunda.bpm.engine.impl.externaltask.LockedExternalTaskImpl;
import org.camunda.bpm.engine.impl.externaltask.TopicFetchInstruction;
import org.camunda.bpm.engine.impl.interceptor.Command;
import org.camunda.bpm.engine.impl.interceptor.CommandContext;
import org.camunda.bpm.engine.impl.interceptor.CommandInterceptor;
import org.camunda.bpm.engine.impl.persistence.entity.ExternalTaskEntity;
import org.coronacare.engine.database.DatabaseUnavailable;
import org.coronacare.engine.privacy.RedactedMessages;
import org.coronacare.engine.support.Fields;
import org.coronacare.engine.support.Interceptors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import org.springframework.util.ReflectionUtils;

/**
 * Raises an incident for each external task whose variables can't be read when a fetch fails because of it, and repeats the fetch without
 * these tasks. A fetch returns all of its tasks or none: one variable that can't be deserialized would stop all work on its topics.
 */
@Component
public class UnreadableTasks extends AbstractProcessEnginePlugin {

  private static final Logger LOG = LoggerFactory.getLogger(UnreadableTasks.class);

  private ProcessEngineConfigurationImpl configuration;

  @Override
  public void preInit(ProcessEngineConfigurationImpl configuration) {
    this.configuration = configuration;
    Interceptors.addAroundTransaction(configuration, Isolation::new);
  }

  private final class Isolation extends CommandInterceptor {

    @Override
    public <T> T execute(Command<T> command) {
      if (!(command instanceof FetchExternalTasksCmd fetch)) {
        return next.execute(command);
      }
      while (true) {
        try {
          return next.execute(command);
        } catch (RuntimeException | LinkageError | StackOverflowError e) {
          if (!raiseIncidents(fetch)) {
            throw e;
          }
        }
      }
    }
  }

  /** Returns whether an incident was raised for a task. */
  private boolean raiseIncidents(FetchExternalTasksCmd fetch) {
    boolean raised = false;
    try {
      for (var task : configuration.getCommandExecutorTxRequired().execute(new FindUnreadable(fetch)).entrySet()) {
        raised |= raiseIncident(task.getKey(), task.getValue());
      }
    } catch (RuntimeException e) {
      if (!DatabaseUnavailable.hasCertainCause(e)) {
        LOG.warn("no search for external tasks that can't be read: {}", RedactedMessages.nameOf(e));
      }
    }
    return raised;
  }

  private boolean raiseIncident(String task, String reason) {
    try {
      configuration.getCommandExecutorTxRequired().execute(context -> fail(context, task, reason));
      LOG.warn("incident of external task {}: {}", task, reason);
      return true;
    } catch (RuntimeException e) {
      LOG.warn("no incident of external task {}: {}", task, RedactedMessages.nameOf(e));
      return false;
    }
  }

  private static Void fail(CommandContext context, String id, String reason) {
    var task = context.getExternalTaskManager().findExternalTaskById(id);
    if (task != null) {
      task.failed(reason, null, 0, 0, null, null);
    }
    return null;
  }

  /** Finds the tasks of a fetch that can't be read: reasons by task id, without patients' data. */
  private record FindUnreadable(FetchExternalTasksCmd fetch) implements Command<Map<String, String>> {

    private static final Field TOPICS = Fields.of(FetchExternalTasksCmd.class, "fetchInstructions");
    private static final Field MAX_RESULTS = Fields.of(FetchExternalTasksCmd.class, "maxResults");
    private static final Field ORDER = Fields.of(FetchExternalTasksCmd.class, "orderingProperties");

    @Override
    public Map<String, String> execute(CommandContext context) {
      Map<String, TopicFetchInstruction> topics = read(TOPICS);
      int maxResults = read(MAX_RESULTS);
      List<QueryOrderingProperty> order = read(ORDER);
      var manager = context.getExternalTaskManager();
      var reasons = new HashMap<String, String>();
      for (var task : manager.selectExternalTasksForTopics(new ArrayList<>(topics.values()), maxResults, order)) {
        var reason = reasonOf(task, topics.get(task.getTopicName()));
        if (reason != null) {
          reasons.put(task.getId(), reason);
        }
      }
      return reasons;
    }

    @SuppressWarnings("unchecked")
    private <T> T read(Field field) {
      return (T) ReflectionUtils.getField(field, fetch);
    }

    /**
     * The reason why a task can't be read; null if it can. Reads variables one by one before all together: the engine throws the error of
     * a value at its first reading only.
     */
    private static String reasonOf(ExternalTaskEntity task, TopicFetchInstruction topic) {
      for (var name : variablesOf(task, topic)) {
        var failure = failureOf(task, topic, List.of(name), false);
        if (failure != null) {
          return "The task can't be read: variable " + name + ": " + RedactedMessages.nameOf(failure);
        }
      }
      var failure = failureOf(task, topic, topic.getVariablesToFetch(), topic.isIncludeExtensionProperties());
      return failure == null ? null : "The task can't be read: " + RedactedMessages.nameOf(failure);
    }

    private static Collection<String> variablesOf(ExternalTaskEntity task, TopicFetchInstruction topic) {
      if (topic.getVariablesToFetch() != null) {
        return topic.getVariablesToFetch();
      }
      try {
        return task.getExecution().getVariableNames();
      } catch (RuntimeException e) {
        // reading all variables together gives the reason
        return List.of();
      }
    }

    /** The error of a fetch of these variables; null if there is none. */
    private static Throwable failureOf(
        ExternalTaskEntity task, TopicFetchInstruction topic, List<String> variables, boolean properties) {
      try {
        var isLocal = topic.isLocalVariables();
        LockedExternalTaskImpl.fromEntity(task, variables, isLocal, topic.isDeserializeVariables(), properties);
        return null;
      } catch (RuntimeException | LinkageError | StackOverflowError e) {
        return e;
      }
    }
  }
}
