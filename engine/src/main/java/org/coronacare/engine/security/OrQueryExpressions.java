package org.coronacare.engine.security;

import java.lang.reflect.Field;
import org.camunda.bpm.engine.BadUserRequestException;
import org.camunda.bpm.engine.impl.TaskQueryImpl;
import org.camunda.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.cmd.AbstractExecuteFilterCmd;
import org.camunda.bpm.engine.impl.cmd.SaveFilterCmd;
import org.camunda.bpm.engine.impl.interceptor.Command;
import org.camunda.bpm.engine.impl.interceptor.CommandInterceptor;
import org.coronacare.engine.support.Fields;
import org.coronacare.engine.support.Interceptors;
import org.springframework.stereotype.Component;
import org.springframework.util.ReflectionUtils;

/**
 * Refuses expressions in the orQueries of ad-hoc queries (CVE-2026-109432): the engine refuses expressions in such a query, but
 * evaluates them in its orQueries. Covers the REST API, the web applications' API, the query that extends a filter, and a filter that is
 * saved. Expressions of a saved filter itself still work.
 */
@Component
public class OrQueryExpressions extends AbstractProcessEnginePlugin {

  @Override
  public void preInit(ProcessEngineConfigurationImpl configuration) {
    Interceptors.addAroundTransaction(configuration, Refusal::new);
  }

  private static final class Refusal extends CommandInterceptor {

    private static final Field EXTENDING_QUERY = Fields.of(AbstractExecuteFilterCmd.class, "extendingQuery");
    private static final Field FILTER = Fields.of(SaveFilterCmd.class, "filter");

    @Override
    public <T> T execute(Command<T> command) {
      if (queryOf(command) instanceof TaskQueryImpl query) {
        for (TaskQueryImpl nested : query.getQueries()) {
          if (nested != query && !nested.getExpressions().isEmpty()) {
            throw new BadUserRequestException("Expressions are forbidden within orQueries.");
          }
        }
      }
      return next.execute(command);
    }

    private static Object queryOf(Object command) {
      if (command instanceof AbstractExecuteFilterCmd) {
        return ReflectionUtils.getField(EXTENDING_QUERY, command);
      }
      if (command instanceof SaveFilterCmd) {
        var filter = (org.camunda.bpm.engine.filter.Filter) ReflectionUtils.getField(FILTER, command);
        return filter == null ? null : filter.getQuery();
      }
      return command;
    }
  }
}
