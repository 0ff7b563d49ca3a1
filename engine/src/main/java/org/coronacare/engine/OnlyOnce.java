package org.coronacare.engine;

import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.camunda.bpm.engine.OptimisticLockingException;
import org.camunda.bpm.engine.ProcessEngineException;
import org.camunda.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.cmd.CorrelateMessageCmd;
import org.camunda.bpm.engine.impl.cmd.StartProcessInstanceCmd;
import org.camunda.bpm.engine.impl.interceptor.Command;
import org.camunda.bpm.engine.impl.interceptor.CommandInterceptor;
import org.springframework.dao.ConcurrencyFailureException;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;

/**
 * A start or a message that comes with the header Idempotency-Key takes effect once. Whoever got no answer asks again, and the first
 * request may be on its way still: in a network, or here, waiting for the database. To ask whether it has been carried out doesn't help
 * then.
 */
@Component
public class OnlyOnce extends AbstractProcessEnginePlugin {

  static final String TABLE =
      "CREATE TABLE IF NOT EXISTS CORONACARE_ONCE (KEY_ VARCHAR(255) PRIMARY KEY, AT_ TIMESTAMP NOT NULL)";

  private static final String HEADER = "Idempotency-Key";
  private static final Set<Class<?>> COMMANDS = Set.of(StartProcessInstanceCmd.class, CorrelateMessageCmd.class);

  /** processes/engine.py has it too. */
  private static final int CODE = 20_002;

  /** Nobody asks again after so long. */
  private static final Duration KEPT = Duration.ofDays(30);

  private static final int FORGET_EVERY_MS = 3_600_000;

  private final JdbcTemplate database;

  OnlyOnce(JdbcTemplate database) {
    this.database = database;
  }

  @Override
  public void preInit(ProcessEngineConfigurationImpl configuration) {
    Interceptors.addWithinTransaction(configuration, new First());
  }

  @Scheduled(fixedDelay = FORGET_EVERY_MS)
  void forget() {
    database.update("DELETE FROM CORONACARE_ONCE WHERE AT_ < ?", Timestamp.from(Instant.now().minus(KEPT)));
  }

  /** Notes the key in the transaction that carries the request out: another with the same waits for its end. */
  private final class First extends CommandInterceptor {

    @Override
    public <T> T execute(Command<T> command) {
      var key = COMMANDS.contains(command.getClass()) ? key() : null;
      if (key != null) {
        note(key);
      }
      return next.execute(command);
    }
  }

  private void note(String key) {
    try {
      database.update("INSERT INTO CORONACARE_ONCE (KEY_, AT_) VALUES (?, ?)", key, Timestamp.from(Instant.now()));
    } catch (ConcurrencyFailureException waited) {
      throw new OptimisticLockingException("another with the same key is on its way");
    } catch (DuplicateKeyException again) {
      var done = new ProcessEngineException("this was done before");
      done.setCode(CODE);
      throw done;
    }
  }

  /** That of the request which is served just now; null when there is none. */
  private static String key() {
    return RequestContextHolder.getRequestAttributes() instanceof ServletRequestAttributes served
        ? served.getRequest().getHeader(HEADER)
        : null;
  }
}
