package org.coronacare.engine;

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
 * A start or a message that comes with the header Idempotency-Key takes effect once. Whoever got no answer asks again, and the first
 * request may be on its way still: in a network, or here, waiting for the database. To ask whether it has been carried out doesn't help
 * then.
 */
@Component
public class IdempotencyKeys extends AbstractProcessEnginePlugin {

  static final String TABLE =
      "CREATE TABLE IF NOT EXISTS CORONACARE_ONCE (HASH_ VARCHAR(64) PRIMARY KEY, AT_ TIMESTAMP NOT NULL)";

  private static final String HEADER = "Idempotency-Key";
  private static final Set<Class<?>> COMMANDS = Set.of(StartProcessInstanceCmd.class, CorrelateMessageCmd.class);

  /** processes/engine.py has it too. */
  private static final int CODE = 20_002;

  /** Nobody asks again after so long. */
  private static final Duration KEPT = Duration.ofDays(30);

  private static final int FORGET_EVERY_MS = 3_600_000;

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

  @Scheduled(fixedDelay = FORGET_EVERY_MS)
  void forget() {
    database.update("DELETE FROM CORONACARE_ONCE WHERE AT_ < ?", at(Instant.now().minus(KEPT)));
  }

  /** Notes the key in the transaction that carries the request out: another with the same waits for its end. */
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

  /** Tells the second that the first has been carried out, once that is certain. */
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
   * Whether what was done is on disk: H2 shows what it has yet to write, and may close itself as it does. Whatever is written after that
   * is on disk no earlier.
   */
  private boolean isKept(String hash) {
    var now = at(Instant.now());
    return transaction.execute(status -> database.update("UPDATE CORONACARE_ONCE SET AT_ = ? WHERE HASH_ = ?", now, hash)) == 1;
  }

  /** That of the request which is served just now; null when there is none. */
  private static String key() {
    return RequestContextHolder.getRequestAttributes() instanceof ServletRequestAttributes served
        ? served.getRequest().getHeader(HEADER)
        : null;
  }

  /** A key may name a case, of which nothing is to be left once it is erased. */
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
