package org.coronacare.engine.database;

import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTransientConnectionException;
import java.util.Set;
import org.camunda.bpm.engine.ProcessEngineException;
import org.camunda.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.errorcode.ExceptionCodeProvider;
import org.camunda.bpm.engine.impl.interceptor.Command;
import org.camunda.bpm.engine.impl.interceptor.CommandInterceptor;
import org.coronacare.engine.support.Interceptors;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;

/**
 * Gives errors an exception code of their own if the database couldn't be reached or written. The engine answers them like a value that
 * is too long; the code shows the caller that the request can be repeated.
 */
@Component
public class DatabaseUnavailable extends AbstractProcessEnginePlugin {

  /** Same as in camunda7/engine.py. Camunda reserves the codes below 20,000. */
  private static final int CODE = 20_001;

  private static final Set<String> H2_CLOSED = Set.of("90028", "90031", "90098");
  private static final String CLOSED_BY_POOL = "Connection is closed";
  private static final String H2_CANNOT_WRITE = "org.h2.mvstore.MVStoreException";

  @Override
  public void preInit(ProcessEngineConfigurationImpl configuration) {
    configuration.setCustomExceptionCodeProvider(new Provider());
    Interceptors.addAroundTransaction(configuration, CommitErrors::new);
  }

  /** Spring throws the exceptions of a commit; without this they would have no code. */
  private static final class CommitErrors extends CommandInterceptor {

    @Override
    public <T> T execute(Command<T> command) {
      try {
        var result = next.execute(command);
        DatabaseOutage.CURRENT.succeeded();
        return result;
      } catch (TransactionException | DataAccessException failed) {
        if (codeOf(failed) == null) {
          throw failed;
        }
        var away = new ProcessEngineException(failed.getMessage(), failed);
        away.setCode(CODE);
        throw away;
      }
    }
  }

  private static final class Provider implements ExceptionCodeProvider {

    @Override
    public Integer provideCode(SQLException exception) {
      return codeOf(exception);
    }

    @Override
    public Integer provideCode(ProcessEngineException exception) {
      return codeOf(exception);
    }
  }

  private static Integer codeOf(Throwable exception) {
    var away = causeOf(exception);
    if (away == null) {
      return null;
    }
    DatabaseOutage.CURRENT.failed(away);
    return CODE;
  }

  /** The first of an exception and its causes that shows that the database couldn't be reached or written; null if none does. */
  public static Throwable causeOf(Throwable exception) {
    for (var each = exception; each != null; each = each.getCause()) {
      if (isAway(each)) {
        return each;
      }
    }
    return null;
  }

  private static boolean isAway(Throwable exception) {
    // an error of a connection that the pool has closed before has no SQLSTATE; an error of the database has one
    return exception instanceof TransactionException
        || exception instanceof SQLException refusal && refusal.getSQLState() == null
        || isCertainlyAway(exception);
  }

  /** Whether an exception or one of its causes is certain to mean that the database couldn't be reached or written. */
  public static boolean hasCertainCause(Throwable exception) {
    for (var each = exception; each != null; each = each.getCause()) {
      if (isCertainlyAway(each)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isCertainlyAway(Throwable exception) {
    return exception instanceof SQLTransientConnectionException
        || exception instanceof SQLNonTransientConnectionException
        || exception instanceof SQLRecoverableException
        || exception.getClass().getName().equals(H2_CANNOT_WRITE)
        || exception instanceof SQLException refusal && isCertainlyAway(refusal.getSQLState(), refusal.getMessage());
  }

  private static boolean isCertainlyAway(String state, String message) {
    return state == null ? CLOSED_BY_POOL.equals(message) : isAway(state);
  }

  /**
   * Whether an SQLSTATE is of the classes connection exception (08), insufficient resources (53) or operator intervention (57P); or is
   * H2's code for a file that can't be written or a database that has closed itself.
   */
  private static boolean isAway(String state) {
    return state.startsWith("08")
        || state.startsWith("53")
        || state.startsWith("57P")
        || H2_CLOSED.contains(state);
  }
}
