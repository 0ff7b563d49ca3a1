package org.coronacare.engine.workarounds;

import org.apache.ibatis.executor.Executor;
import org.apache.ibatis.mapping.BoundSql;
import org.apache.ibatis.mapping.MappedStatement;
import org.apache.ibatis.mapping.SqlSource;
import org.apache.ibatis.plugin.Interceptor;
import org.apache.ibatis.plugin.Intercepts;
import org.apache.ibatis.plugin.Invocation;
import org.apache.ibatis.plugin.Signature;
import org.apache.ibatis.session.Configuration;
import org.camunda.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.springframework.stereotype.Component;

/**
 * Increments the revision of each external task that is suspended or activated, as the engine does for executions, jobs and user tasks.
 * Without it, a transaction that read the task before and writes it afterwards succeeds and restores the former state: a task whose lock
 * was renewed while its instance was activated stayed suspended for good, and the engine refused its result; one whose lock was renewed
 * while its instance was suspended continued. With it, that transaction fails with an OptimisticLockingException, and is repeated.
 */
@Component
public class SuspensionRevision extends AbstractProcessEnginePlugin {

  private static final String STATEMENT = "updateExternalTaskSuspensionStateByParameters";

  @Override
  public void postInit(ProcessEngineConfigurationImpl configuration) {
    configuration.getSqlSessionFactory().getConfiguration().addInterceptor(new Updates());
  }

  @Intercepts(@Signature(type = Executor.class, method = "update", args = {MappedStatement.class, Object.class}))
  private static final class Updates implements Interceptor {

    @Override
    public Object intercept(Invocation call) throws Throwable {
      var arguments = call.getArgs();
      var statement = (MappedStatement) arguments[0];
      if (statement.getId().endsWith(STATEMENT)) {
        arguments[0] = incrementing(statement);
      }
      return call.proceed();
    }

    private static MappedStatement incrementing(MappedStatement statement) {
      var configuration = statement.getConfiguration();
      SqlSource source = parameter -> incrementing(configuration, statement.getBoundSql(parameter));
      return new MappedStatement.Builder(configuration, statement.getId(), source, statement.getSqlCommandType())
          .timeout(statement.getTimeout())
          .build();
    }

    private static BoundSql incrementing(Configuration configuration, BoundSql bound) {
      var sql = bound.getSql().replaceFirst("SUSPENSION_STATE_ *=", "REV_ = REV_ + 1, $0");
      var incremented = new BoundSql(configuration, sql, bound.getParameterMappings(), bound.getParameterObject());
      bound.getAdditionalParameters().forEach(incremented::setAdditionalParameter);
      return incremented;
    }
  }
}
