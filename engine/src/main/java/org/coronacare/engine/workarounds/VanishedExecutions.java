package org.coronacare.engine.workarounds;

import org.camunda.bpm.engine.OptimisticLockingException;
import org.camunda.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.interceptor.Command;
import org.camunda.bpm.engine.impl.interceptor.CommandInterceptor;
import org.camunda.bpm.engine.impl.pvm.runtime.PvmExecutionImpl;
import org.coronacare.engine.support.Interceptors;
import org.springframework.stereotype.Component;

/**
 * Reports a conflict if a concurrent transaction has deleted executions between two reads of a command. Camunda fails with a
 * NullPointerException, which callers and the job executor take for a defect: they don't repeat the command.
 */
@Component
public class VanishedExecutions extends AbstractProcessEnginePlugin {

  @Override
  public void preInit(ProcessEngineConfigurationImpl configuration) {
    Interceptors.addWithinTransaction(configuration, new Conflicts());
  }

  private static final class Conflicts extends CommandInterceptor {

    @Override
    public <T> T execute(Command<T> command) {
      try {
        return next.execute(command);
      } catch (NullPointerException error) {
        if (isInExecution(error)) {
          throw new OptimisticLockingException("a concurrent transaction has deleted executions", error);
        }
        throw error;
      }
    }

    private static boolean isInExecution(NullPointerException error) {
      var trace = error.getStackTrace();
      return trace.length > 0 && trace[0].getClassName().equals(PvmExecutionImpl.class.getName());
    }
  }
}
