package org.coronacare.engine.tuning;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.camunda.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.history.HistoryLevelFull;
import org.camunda.bpm.engine.impl.history.event.HistoryEventType;
import org.camunda.bpm.engine.impl.history.event.HistoryEventTypes;
import org.camunda.bpm.engine.impl.persistence.entity.VariableInstanceEntity;
import org.springframework.stereotype.Component;

/**
 * The history that something reads: level "full" without what only costs. docs/decisions/history.md lists the readers of each kind.
 *
 * <p>It has the id of "full", so that databases which began with that go on, also back to the version before.
 */
@Component
public class CaseHistory extends AbstractProcessEnginePlugin {

  static final String NAME = "case";

  @Override
  public void preInit(ProcessEngineConfigurationImpl configuration) {
    configuration.setCustomHistoryLevels(List.of(new Level()));
  }

  private static final class Level extends HistoryLevelFull {

    private static final Set<HistoryEventTypes> UNREAD =
        EnumSet.of(
            // each value that a variable ever had, and each field of a sent form
            HistoryEventTypes.VARIABLE_INSTANCE_UPDATE_DETAIL,
            HistoryEventTypes.FORM_PROPERTY_UPDATE,
            // jobs and external tasks that didn't fail; ACT_HI_ACTINST has their activities
            HistoryEventTypes.JOB_CREATE,
            HistoryEventTypes.JOB_SUCCESS,
            HistoryEventTypes.JOB_DELETE,
            HistoryEventTypes.EXTERNAL_TASK_CREATE,
            HistoryEventTypes.EXTERNAL_TASK_SUCCESS,
            HistoryEventTypes.EXTERNAL_TASK_DELETE);

    @Override
    public String getName() {
      return NAME;
    }

    @Override
    public boolean isHistoryEventProduced(HistoryEventType type, Object entity) {
      return !UNREAD.contains(type) && !(entity instanceof VariableInstanceEntity variable && endsWithItsScope(variable));
    }

    /**
     * Whether a variable is read only while it exists: one of a called process, which returns what is needed later, or of a part of a
     * process instance, such as the counter of a multi-instance activity.
     */
    private static boolean endsWithItsScope(VariableInstanceEntity variable) {
      var execution = variable.getExecution();
      return execution != null
          && (!execution.isProcessInstanceExecution() || execution.getSuperExecutionId() != null || variable.getTaskId() != null);
    }
  }
}
