package org.coronacare.engine.support;

import java.util.ArrayList;
import java.util.List;
import org.apache.ibatis.executor.Executor;
import org.apache.ibatis.mapping.MappedStatement;
import org.apache.ibatis.plugin.Interceptor;
import org.apache.ibatis.plugin.Intercepts;
import org.apache.ibatis.plugin.Invocation;
import org.apache.ibatis.plugin.Signature;
import org.apache.ibatis.session.ResultHandler;
import org.apache.ibatis.session.RowBounds;
import org.camunda.bpm.engine.ProcessEngine;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;

/** Names of the queries that an engine executes. */
@Intercepts(
    @Signature(
        type = Executor.class,
        method = "query",
        args = {MappedStatement.class, Object.class, RowBounds.class, ResultHandler.class}))
public final class ExecutedQueries implements Interceptor {

  private final List<String> names = new ArrayList<>();

  public static ExecutedQueries of(ProcessEngine engine) {
    var queries = new ExecutedQueries();
    var configuration = (ProcessEngineConfigurationImpl) engine.getProcessEngineConfiguration();
    configuration.getSqlSessionFactory().getConfiguration().addInterceptor(queries);
    return queries;
  }

  @Override
  public Object intercept(Invocation call) throws Throwable {
    var id = ((MappedStatement) call.getArgs()[0]).getId();
    names.add(id.substring(id.lastIndexOf('.') + 1));
    return call.proceed();
  }

  /** The number of executions since clear(). */
  public long count(String name) {
    return names.stream().filter(name::equals).count();
  }

  public void clear() {
    names.clear();
  }
}
