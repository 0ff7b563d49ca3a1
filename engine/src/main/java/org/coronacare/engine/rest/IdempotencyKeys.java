package org.coronacare.engine.rest;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Set;
import org.camunda.bpm.engine.OptimisticLockingException;
import org.camunda.bpm.engine.ProcessEngineException;
import org.camunda.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.cmd.CorrelateMessageCmd;
import org.camunda.bpm.engine.impl.cmd.StartProcessInstanceCmd;
import org.camunda.bpm.engine.impl.interceptor.Command;
import org.camunda.bpm.engine.impl.interceptor.CommandInterceptor;
import org.coronacare.engine.support.Interceptors;
import org.springframework.dao.ConcurrencyFailureException;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;

/**
 * Executes a start or a message with the header Idempotency-Key once. A client without an answer repeats its request while the first
 * may still be in progress: in a network, or here, waiting for the database. A query for the effect before the repetition would miss it
 * then.
 */
@Component
public class IdempotencyKeys extends AbstractProcessEnginePlugin {

  private static final String HEADER = "Idempotency-Key";
  private static final Set<Class<?>> COMMANDS = Set.of(StartProcessInstanceCmd.class, CorrelateMessageCmd.class);

  /** Same as in camunda7/engine.py. */
  private static final int CODE = 20_002;

  /** Clients have stopped repeating a request by then. */
  private static final Duration RETENTION = Duration.ofDays(30);

  private static final int PURGE_INTERVAL_MS = 3_600_000;

  private final JdbcTemplate database;
  private final TransactionTemplate transaction;

  IdempotencyKeys(JdbcTemplate database, PlatformTransactionManager transactions) {
    this.database = database;
    this.transaction = new TransactionTemplate(transactions);
  }

  @Override
  public void preInit(ProcessEngineConfigurationImpl configuration) {
    Interceptors.addWithinTransaction(configuration, new First());
    Interceptors.addAroundTransaction(configuration, Again::new);
  }

  @Scheduled(fixedDelay = PURGE_INTERVAL_MS)
  void forget() {
    database.update("DELETE FROM CORONACARE_ONCE WHERE AT_ < ?", at(Instant.now().minus(RETENTION)));
  }

  /** Inserts the key in the transaction that executes the request: another request with the same key waits for its end. */
  private final class First extends CommandInterceptor {

    @Override
    public <T> T execute(Command<T> command) {
      var key = COMMANDS.contains(command.getClass()) ? key() : null;
      if (key != null) {
        note(hash(key));
      }
      return next.execute(command);
    }
  }

  private void note(String hash) {
    try {
      database.update("INSERT INTO CORONACARE_ONCE (HASH_, AT_) VALUES (?, ?)", hash, at(Instant.now()));
    } catch (ConcurrencyFailureException waited) {
      throw new OptimisticLockingException("another with the same key is on its way");
    } catch (DuplicateKeyException there) {
      throw new NotedBefore(hash);
    }
  }

  private static final class NotedBefore extends ProcessEngineException {

    private final String hash;

    NotedBefore(String hash) {
      super("this was done before");
      this.hash = hash;
    }
  }

  /** Answers the second request that the first was executed, once that is durable. */
  private final class Again extends CommandInterceptor {

    @Override
    public <T> T execute(Command<T> command) {
      try {
        return next.execute(command);
      } catch (NotedBefore done) {
        if (!isKept(done.hash)) {
          throw new OptimisticLockingException("what was noted is gone");
        }
        done.setCode(CODE);
        throw done;
      }
    }
  }

  /**
   * Whether the effect is on disk: H2 shows transactions that it has yet to write, and may close itself while it writes. A later write
   * reaches the disk no earlier.
   */
  private boolean isKept(String hash) {
    var now = at(Instant.now());
    return transaction.execute(status -> database.update("UPDATE CORONACARE_ONCE SET AT_ = ? WHERE HASH_ = ?", now, hash)) == 1;
  }

  /** The key of the current request; null if it has none. */
  private static String key() {
    return RequestContextHolder.getRequestAttributes() instanceof ServletRequestAttributes served
        ? served.getRequest().getHeader(HEADER)
        : null;
  }

  /** Deletes the keys of an erased case: a key may contain its reference. */
  private static String hash(String key) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Timestamp at(Instant instant) {
    return Timestamp.from(instant);
  }
}
