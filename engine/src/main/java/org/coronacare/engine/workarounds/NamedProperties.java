package org.coronacare.engine.workarounds;

import java.util.HashMap;
import java.util.List;
import org.camunda.bpm.engine.impl.bpmn.helper.BpmnProperties;
import org.camunda.bpm.engine.impl.bpmn.parser.AbstractBpmnParseListener;
import org.camunda.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.persistence.entity.ProcessDefinitionEntity;
import org.camunda.bpm.engine.impl.pvm.process.ScopeImpl;
import org.camunda.bpm.engine.impl.util.xml.Element;
import org.coronacare.engine.support.Lists;
import org.springframework.stereotype.Component;

/**
 * Ignores a {@code camunda:property} without a name. Camunda 7.24 stores it under null in the task's extension properties, which can't be
 * serialized as JSON: each fetch that finds the task locks its tasks and answers 400.
 */
@Component
public class NamedProperties extends AbstractProcessEnginePlugin {

  @Override
  public void preInit(ProcessEngineConfigurationImpl configuration) {
    var there = configuration.getCustomPostBPMNParseListeners();
    configuration.setCustomPostBPMNParseListeners(Lists.append(there, new Listener()));
  }

  private static final class Listener extends AbstractBpmnParseListener {

    @Override
    public void parseRootElement(Element root, List<ProcessDefinitionEntity> processes) {
      processes.forEach(Listener::removeUnnamed);
    }

    private static void removeUnnamed(ScopeImpl scope) {
      for (var activity : scope.getActivities()) {
        var properties = activity.getProperties().get(BpmnProperties.EXTENSION_PROPERTIES);
        if (properties != null && properties.containsKey(null)) {
          var named = new HashMap<>(properties);
          named.remove(null);
          activity.getProperties().set(BpmnProperties.EXTENSION_PROPERTIES, named);
        }
        removeUnnamed(activity);
      }
    }
  }
}
