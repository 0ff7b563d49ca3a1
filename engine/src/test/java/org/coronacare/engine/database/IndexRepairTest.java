package org.coronacare.engine.database;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import org.h2.engine.SessionLocal;
import org.h2.jdbc.JdbcConnection;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IndexRepairTest {

  @TempDir Path folder;

  private Connection connection;
  private SessionLocal session;

  @BeforeEach
  void createTable() throws SQLException {
    connection = DriverManager.getConnection("jdbc:h2:file:" + folder.resolve("engine"), "sa", "");
    session = (SessionLocal) connection.unwrap(JdbcConnection.class).getSession();
    execute("CREATE TABLE execution (id VARCHAR(64) PRIMARY KEY, instance VARCHAR(64))");
    execute("CREATE INDEX of_instance ON execution (instance)");
    execute("INSERT INTO execution VALUES ('a', 'case'), ('b', 'case'), ('c', NULL)");
  }

  @AfterEach
  void close() throws SQLException {
    connection.close();
  }

  @Test
  void anIntactIndexIsNotRebuilt() {
    assertEquals(List.of(), IndexRepair.repair(session));
  }

  @Test
  void anIndexThatLacksRowsIsRebuilt() throws SQLException {
    removeFromIndex("OF_INSTANCE", 1);
    // another query than below: H2 caches results
    assertEquals(1, found("SELECT COUNT(id) FROM execution WHERE instance = 'case'"));

    assertEquals(List.of("EXECUTION.OF_INSTANCE"), IndexRepair.repair(session));

    assertEquals(2, found("SELECT COUNT(*) FROM execution WHERE instance = 'case'"));
    assertEquals(1, found("SELECT COUNT(*) FROM execution WHERE instance IS NULL"));
    assertEquals(List.of(), IndexRepair.repair(session));
  }

  /** Removes rows from an index, as may happen when the process is killed. */
  private void removeFromIndex(String name, int count) {
    var table = session.getDatabase().getMainSchema().findTableOrView(session, "EXECUTION");
    var index = table.getIndexes().stream().filter(each -> each.getName().equals(name)).findFirst().orElseThrow();
    var rows = table.getScanIndex(session).find(session, null, null, false);
    for (int each = 0; each < count && rows.next(); each++) {
      index.remove(session, rows.get());
    }
    session.commit(false);
  }

  private void execute(String sql) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private int found(String sql) throws SQLException {
    try (var statement = connection.createStatement();
        var result = statement.executeQuery(sql)) {
      result.next();
      return result.getInt(1);
    }
  }
}
