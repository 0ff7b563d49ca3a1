package org.coronacare.engine.tuning;

import java.util.List;
import java.util.stream.Stream;
import org.camunda.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.context.Context;
import org.camunda.bpm.engine.impl.incident.DefaultIncidentHandler;
import org.camunda.bpm.engine.impl.incident.IncidentContext;
import org.camunda.bpm.engine.impl.incident.IncidentHandler;
import org.camunda.bpm.engine.runtime.Incident;
import org.springframework.stereotype.Component;

/**
 * Looks for the incidents of a job or external task that ends only if its execution has some. Camunda queries for them at the end of each
 * one, although the row of the execution tells whether it has incidents.
 */
@Component
public class IncidentLookups extends AbstractProcessEnginePlugin {

  @Override
  public void preInit(ProcessEngineConfigurationImpl configuration) {
    List<IncidentHandler> handlers =
        Stream.of(Incident.FAILED_JOB_HANDLER_TYPE, Incident.EXTERNAL_TASK_HANDLER_TYPE).<IncidentHandler>map(Handler::new).toList();
    configuration.setCustomIncidentHandlers(handlers);
  }

  private static final class Handler extends DefaultIncidentHandler {

    Handler(String type) {
      super(type);
    }

    @Override
    protected void removeIncident(IncidentContext incident, boolean isResolved) {
      var id = incident.getExecutionId();
      var execution = id == null ? null : Context.getCommandContext().getExecutionManager().findExecutionById(id);
      if (execution == null || !execution.getIncidents().isEmpty()) {
        super.removeIncident(incident, isResolved);
      }
    }
  }
}
