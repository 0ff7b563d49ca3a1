package org.coronacare.simulation;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.camunda.bpm.engine.impl.history.AbstractHistoryLevel;
import org.camunda.bpm.engine.impl.history.event.HistoricActivityInstanceEventEntity;
import org.camunda.bpm.engine.impl.history.event.HistoricExternalTaskLogEntity;
import org.camunda.bpm.engine.impl.history.event.HistoricProcessInstanceEventEntity;
import org.camunda.bpm.engine.impl.history.event.HistoricTaskInstanceEventEntity;
import org.camunda.bpm.engine.impl.history.event.HistoryEvent;
import org.camunda.bpm.engine.impl.history.event.HistoryEventTypes;
import org.camunda.bpm.engine.impl.history.handler.HistoryEventHandler;
import org.camunda.bpm.engine.impl.persistence.entity.HistoricJobLogEventEntity;

/** Collects the engine's history events in memory, in place of its history tables: nothing of an ended case is kept. */
final class EventRecorder implements HistoryEventHandler {

  private final List<Map<String, Object>> events = new ArrayList<>();

  /** Returns the events since the last call. */
  List<Map<String, Object>> drain() {
    var drained = List.copyOf(events);
    events.clear();
    return drained;
  }

  @Override
  public void handleEvents(List<HistoryEvent> several) {
    several.forEach(this::handleEvent);
  }

  @Override
  public void handleEvent(HistoryEvent event) {
    var kind = event.getEventType();
    if (event instanceof HistoricActivityInstanceEventEntity activity) {
      var row = row("activity-" + kind, activity.getActivityInstanceId(), activity.getActivityId(), event);
      row.put("canceled", activity.isCanceled());
    } else if (event instanceof HistoricTaskInstanceEventEntity task) {
      var row = row("task-" + kind, task.getTaskId(), task.getTaskDefinitionKey(), event);
      row.put("priority", task.getPriority());
      row.put("follow_up", task.getFollowUpDate() == null ? null : task.getFollowUpDate().getTime());
    } else if (event instanceof HistoricExternalTaskLogEntity task) {
      var row = row("external-" + state(task.isCreationLog(), task.isDeletionLog()), task.getExternalTaskId(), task.getActivityId(), event);
      row.put("topic", task.getTopicName());
    } else if (event instanceof HistoricJobLogEventEntity job) {
      var row = row("job-" + state(job.isCreationLog(), job.isDeletionLog()), job.getJobId(), job.getActivityId(), event);
      row.put("due", job.getJobDueDate() == null ? null : job.getJobDueDate().getTime());
    } else if (event instanceof HistoricProcessInstanceEventEntity instance) {
      var row = row("instance-" + kind, instance.getProcessInstanceId(), null, event);
      row.put("case", instance.getBusinessKey());
    }
  }

  /** Logs of jobs and external tasks have no event type. */
  private static String state(boolean isCreated, boolean isDeleted) {
    return isCreated ? "create" : isDeleted ? "delete" : "other";
  }

  private Map<String, Object> row(String kind, String id, String element, HistoryEvent event) {
    var row = new LinkedHashMap<String, Object>();
    row.put("kind", kind);
    row.put("id", id);
    row.put("element", element);
    row.put("process", event.getProcessDefinitionKey());
    row.put("instance", event.getProcessInstanceId());
    row.put("execution", event.getExecutionId());
    events.add(row);
    return row;
  }

  /** The events of which the simulation makes use. */
  static final class Level extends AbstractHistoryLevel {

    static final String NAME = "simulation";
    private static final Set<HistoryEventTypes> USED =
        EnumSet.of(
            HistoryEventTypes.PROCESS_INSTANCE_START,
            HistoryEventTypes.PROCESS_INSTANCE_END,
            HistoryEventTypes.ACTIVITY_INSTANCE_START,
            HistoryEventTypes.ACTIVITY_INSTANCE_END,
            HistoryEventTypes.TASK_INSTANCE_CREATE,
            HistoryEventTypes.TASK_INSTANCE_UPDATE,
            HistoryEventTypes.TASK_INSTANCE_COMPLETE,
            HistoryEventTypes.TASK_INSTANCE_DELETE,
            HistoryEventTypes.EXTERNAL_TASK_CREATE,
            HistoryEventTypes.EXTERNAL_TASK_DELETE,
            HistoryEventTypes.JOB_CREATE,
            HistoryEventTypes.JOB_SUCCESS,
            HistoryEventTypes.JOB_DELETE);

    @Override
    public int getId() {
      return 40;
    }

    @Override
    public String getName() {
      return NAME;
    }

    @Override
    public boolean isHistoryEventProduced(
        org.camunda.bpm.engine.impl.history.event.HistoryEventType type, Object entity) {
      return USED.contains(type);
    }
  }
}
