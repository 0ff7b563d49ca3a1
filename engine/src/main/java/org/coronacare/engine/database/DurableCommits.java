package org.coronacare.engine.database;

import javax.sql.DataSource;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.stereotype.Component;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.TransactionSystemException;
import org.springframework.transaction.support.DefaultTransactionStatus;

/**
 * When H2 closes itself, a commit of another transaction may return although nothing was written ({@code TransactionStore.commit} of H2
 * 2.3.232 does nothing once its store is closed). Such a commit is reported as failed. To avoid the case, transactions neither begin
 * nor commit while the disk may have no room for them: large ones are written before they end.
 */
@Component
public class DurableCommits extends JdbcTransactionManager {

  private static final String FULL = "the disk of the embedded database is full";

  private final EmbeddedDatabase embedded;

  DurableCommits(DataSource source, EmbeddedDatabase embedded) {
    super(source);
    this.embedded = embedded;
  }

  @Override
  protected void doBegin(Object transaction, TransactionDefinition definition) {
    if (!embedded.hasRoom()) {
      throw new CannotCreateTransactionException(FULL);
    }
    super.doBegin(transaction, definition);
  }

  @Override
  protected void doCommit(DefaultTransactionStatus status) {
    if (!embedded.hasRoom()) {
      super.doRollback(status);
      throw new TransactionSystemException(FULL);
    }
    super.doCommit(status);
    if (embedded.isClosed()) {
      throw new TransactionSystemException("the embedded database closed itself while this was committed");
    }
  }
}
