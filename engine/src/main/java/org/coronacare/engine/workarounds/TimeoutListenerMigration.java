package org.coronacare.engine.workarounds;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.camunda.bpm.engine.impl.bpmn.helper.BpmnProperties;
import org.camunda.bpm.engine.impl.bpmn.parser.AbstractBpmnParseListener;
import org.camunda.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.jobexecutor.TimerDeclarationImpl;
import org.camunda.bpm.engine.impl.pvm.process.ActivityImpl;
import org.camunda.bpm.engine.impl.pvm.process.ScopeImpl;
import org.camunda.bpm.engine.impl.util.xml.Element;
import org.coronacare.engine.support.Lists;
import org.springframework.stereotype.Component;

/**
 * Preserves the timeout listeners of a process definition when instances are migrated to it. Camunda 7.24 removes them from the cached
 * definition when it migrates the first task ({@code ActivityInstanceJobHandler.removeTimeoutListenerJobFromTargetScope} copies the outer
 * map, and not the maps in it); later tasks, also of new instances, would have no timer.
 */
@Component
public class TimeoutListenerMigration extends AbstractProcessEnginePlugin {

  @Override
  public void preInit(ProcessEngineConfigurationImpl configuration) {
    var there = configuration.getCustomPostBPMNParseListeners();
    configuration.setCustomPostBPMNParseListeners(Lists.append(there, new Listener()));
  }

  private static final class Listener extends AbstractBpmnParseListener {

    @Override
    public void parseUserTask(Element element, ScopeImpl scope, ActivityImpl task) {
      var declared = task.getProperties().get(BpmnProperties.TIMEOUT_LISTENER_DECLARATIONS);
      if (declared != null) {
        task.getProperties().set(BpmnProperties.TIMEOUT_LISTENER_DECLARATIONS, new DeepCopiedTimers(declared));
      }
    }
  }

  /** A map whose copies have copied inner maps, so that removals from a copy leave it unchanged. */
  private static final class DeepCopiedTimers extends HashMap<String, Map<String, TimerDeclarationImpl>> {

    DeepCopiedTimers(Map<String, Map<String, TimerDeclarationImpl>> declared) {
      super(declared);
    }

    @Override
    public Set<Map.Entry<String, Map<String, TimerDeclarationImpl>>> entrySet() {
      var copy = new HashMap<String, Map<String, TimerDeclarationImpl>>();
      forEach((task, timers) -> copy.put(task, new HashMap<>(timers)));
      return copy.entrySet();
    }
  }
}
