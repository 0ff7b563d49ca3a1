package org.coronacare.engine;

import javax.sql.DataSource;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionSystemException;
import org.springframework.transaction.support.DefaultTransactionStatus;

/**
 * When H2 closes itself, a commit of another transaction may return although nothing was written ({@code TransactionStore.commit} of H2
 * 2.3.232 does nothing once its store is closed). Nobody is told that such a one has succeeded.
 */
@Component
public class CertainCommits extends JdbcTransactionManager {

  private final EmbeddedDatabase embedded;

  CertainCommits(DataSource source, EmbeddedDatabase embedded) {
    super(source);
    this.embedded = embedded;
  }

  @Override
  protected void doCommit(DefaultTransactionStatus status) {
    super.doCommit(status);
    if (embedded.isClosed()) {
      throw new TransactionSystemException("the embedded database closed itself while this was committed");
    }
  }
}
