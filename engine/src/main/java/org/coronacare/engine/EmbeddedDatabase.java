package org.coronacare.engine;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.slf4j.LoggerFactory;
import org.springframework.boot.autoconfigure.jdbc.DataSourceProperties;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/**
 * Ends the engine when H2 has closed itself, as it does when it can't write (its disk is full): it would never open again, and
 * each call would fail for ever. Whoever watches over the engine starts it anew; what it has acknowledged is on disk. A database
 * server comes back by itself.
 */
@Component
public class EmbeddedDatabase {

  private static final String H2 = "jdbc:h2:";
  private static final int LOOK_EVERY_S = 1;

  private final DataSourceProperties database;

  EmbeddedDatabase(DataSourceProperties database) {
    this.database = database;
  }

  @EventListener(ApplicationReadyEvent.class)
  void watch() throws SQLException {
    if (!database.getUrl().startsWith(H2)) {
      return;
    }
    var connection = DriverManager.getConnection(database.getUrl(), database.getUsername(), database.getPassword());
    var watching =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              var thread = new Thread(task, "embedded-database");
              thread.setDaemon(true);
              return thread;
            });
    watching.scheduleWithFixedDelay(() -> endIfClosed(connection), 0, LOOK_EVERY_S, TimeUnit.SECONDS);
  }

  private void endIfClosed(Connection connection) {
    try (var statement = connection.createStatement()) {
      statement.execute("SELECT 1");
    } catch (SQLException closed) {
      LoggerFactory.getLogger(EmbeddedDatabase.class)
          .error("the embedded database has closed itself (is its disk full?); the engine ends, to be started again");
      // an orderly end would wait for the database
      Runtime.getRuntime().halt(1);
    }
  }
}
