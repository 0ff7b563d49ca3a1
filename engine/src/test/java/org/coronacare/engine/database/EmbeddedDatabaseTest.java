package org.coronacare.engine.database;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.jdbc.DataSourceProperties;

class EmbeddedDatabaseTest {

  @Test
  void aDatabaseInMemoryNeedsNoDisk() throws SQLException {
    var embedded = new EmbeddedDatabase(database("jdbc:h2:mem:bench;DB_CLOSE_ON_EXIT=FALSE"));
    try (var connection = embedded.open()) {
      assertTrue(embedded.hasRoom());
      assertFalse(embedded.isClosed());
    }
  }

  @Test
  void aDatabaseInMemoryHasNoCopy() throws SQLException, IOException {
    var embedded = new EmbeddedDatabase(database("jdbc:h2:mem:copy;DB_CLOSE_ON_EXIT=FALSE"));
    try (var connection = embedded.open()) {
      assertFalse(embedded.copy());
    }
  }

  @Test
  void aCopyIsOfOneMomentWhileRowsAreWritten(@TempDir Path folder) throws Exception {
    var embedded = new EmbeddedDatabase(database("jdbc:h2:file:" + folder + "/engine;WRITE_DELAY=0"));
    var stopping = new AtomicBoolean();
    try (var connection = embedded.open()) {
      execute(connection, "CREATE TABLE a (n INT PRIMARY KEY)", "CREATE TABLE b (n INT PRIMARY KEY)");
      var writer = new Thread(() -> write(connection, stopping));
      writer.start();
      while (count(connection, "b") < 50) {
        Thread.sleep(5);
      }
      var before = count(connection, "b");
      assertTrue(embedded.copy());
      stopping.set(true);
      writer.join();
      assertTrue(count(connection, "b") >= before);
      unpack(folder.resolve("engine.mv.db.zip"), folder.resolve("copy.mv.db"));
      try (var copy = DriverManager.getConnection("jdbc:h2:file:" + folder + "/copy", "sa", "")) {
        var more = count(copy, "a") - count(copy, "b");
        assertTrue(count(copy, "b") >= before);
        assertTrue(more == 0 || more == 1, "rows of a without their row of b: " + more);
      }
    }
  }

  private static DataSourceProperties database(String url) {
    var database = new DataSourceProperties();
    database.setUrl(url);
    database.setUsername("sa");
    database.setPassword("");
    return database;
  }

  private static void write(Connection connection, AtomicBoolean stopping) {
    try {
      for (int n = 0; !stopping.get(); n++) {
        execute(connection, "INSERT INTO a VALUES (" + n + ")", "INSERT INTO b VALUES (" + n + ")");
      }
    } catch (SQLException failure) {
      throw new IllegalStateException(failure);
    }
  }

  private static void execute(Connection connection, String... commands) throws SQLException {
    try (var statement = connection.createStatement()) {
      for (var command : commands) {
        statement.execute(command);
      }
    }
  }

  private static int count(Connection connection, String table) throws SQLException {
    try (var statement = connection.createStatement();
        var rows = statement.executeQuery("SELECT COUNT(*) FROM " + table)) {
      rows.next();
      return rows.getInt(1);
    }
  }

  private static void unpack(Path archive, Path target) throws IOException {
    try (var zip = new ZipInputStream(Files.newInputStream(archive))) {
      zip.getNextEntry();
      Files.copy(zip, target);
    }
  }
}
