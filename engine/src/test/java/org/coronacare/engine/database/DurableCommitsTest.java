package org.coronacare.engine.database;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import org.h2.engine.SessionLocal;
import org.h2.jdbc.JdbcConnection;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.jdbc.DataSourceProperties;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.transaction.TransactionException;
import org.springframework.transaction.support.TransactionTemplate;

class DurableCommitsTest {

  @TempDir Path folder;

  private boolean hasRoom = true;
  private Connection watching;
  private JdbcTemplate sql;
  private TransactionTemplate transaction;

  @BeforeEach
  void openDatabase() throws SQLException {
    var database = new DataSourceProperties();
    database.setUrl("jdbc:h2:file:" + folder.resolve("engine") + ";WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE");
    database.setUsername("sa");
    database.setPassword("");
    var embedded =
        new EmbeddedDatabase(database) {
          @Override
          boolean hasRoom() {
            return hasRoom;
          }
        };
    watching = embedded.open();
    var source = new DriverManagerDataSource(database.getUrl(), "sa", "");
    sql = new JdbcTemplate(source);
    transaction = new TransactionTemplate(new DurableCommits(source, embedded));
    sql.execute("CREATE TABLE form (id INT PRIMARY KEY)");
  }

  @Test
  void aTransactionThatIsWrittenIsCommitted() {
    assertDoesNotThrow(() -> transaction.execute(status -> sql.update("INSERT INTO form VALUES (1)")));
  }

  @Test
  void aTransactionThatIsNotWrittenFails() {
    assertThrows(
        TransactionException.class,
        () ->
            transaction.execute(
                status -> {
                  sql.update("INSERT INTO form VALUES (1)");
                  closeStore();
                  return null;
                }));
  }

  @Test
  void noTransactionBeginsWhileTheDiskIsFull() {
    hasRoom = false;
    assertThrows(TransactionException.class, () -> transaction.execute(status -> sql.update("INSERT INTO form VALUES (1)")));
    hasRoom = true;
    assertEquals(0, kept());
  }

  @Test
  void aTransactionThatDoesNotFitOnTheDiskIsRolledBack() {
    assertThrows(
        TransactionException.class,
        () ->
            transaction.execute(
                status -> {
                  hasRoom = false;
                  return sql.update("INSERT INTO form VALUES (1)");
                }));
    assertEquals(0, kept());
  }

  private int kept() {
    return sql.queryForObject("SELECT COUNT(*) FROM form", Integer.class);
  }

  /** Closes the store, as H2 does when another transaction can't be written. */
  private void closeStore() {
    try {
      var session = (SessionLocal) watching.unwrap(JdbcConnection.class).getSession();
      session.getDatabase().getStore().getMvStore().closeImmediately();
    } catch (SQLException unexpected) {
      throw new IllegalStateException(unexpected);
    }
  }
}
