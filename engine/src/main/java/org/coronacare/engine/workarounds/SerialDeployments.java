package org.coronacare.engine.workarounds;

import java.util.concurrent.locks.ReentrantLock;
import org.camunda.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.cmd.DeployCmd;
import org.camunda.bpm.engine.impl.interceptor.Command;
import org.camunda.bpm.engine.impl.interceptor.CommandInterceptor;
import org.coronacare.engine.support.Interceptors;
import org.springframework.stereotype.Component;

/**
 * Serializes deployments, each with its commit, so that duplicate filtering of the second sees what the first has deployed. With other
 * databases the engine locks a row; with H2, which has a single engine, it locks nothing ({@code DbSqlSession.lock} of Camunda 7.24).
 */
@Component
public class SerialDeployments extends AbstractProcessEnginePlugin {

  @Override
  public void preInit(ProcessEngineConfigurationImpl configuration) {
    Interceptors.addAroundTransaction(configuration, OneAfterAnother::new);
  }

  private static final class OneAfterAnother extends CommandInterceptor {

    private final ReentrantLock deploying = new ReentrantLock();

    @Override
    public <T> T execute(Command<T> command) {
      if (!(command instanceof DeployCmd)) {
        return next.execute(command);
      }
      deploying.lock();
      try {
        return next.execute(command);
      } finally {
        deploying.unlock();
      }
    }
  }
}
