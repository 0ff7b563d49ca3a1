package org.coronacare.engine;

import java.io.File;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.h2.engine.SessionLocal;
import org.h2.jdbc.JdbcConnection;
import org.h2.mvstore.MVStore;
import org.slf4j.LoggerFactory;
import org.springframework.boot.autoconfigure.jdbc.DataSourceProperties;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/**
 * Looks after H2, each second; a database server looks after itself.
 *
 * <p>With WRITE_DELAY=0 each commit is in the file at once, and H2 doesn't compact it: it would grow by megabytes a case. So that is
 * done here.
 *
 * <p>Nothing is committed while its disk is nearly full. H2 that can't write closes itself, and may come back as it was seconds before,
 * without what it had acknowledged.
 *
 * <p>When H2 has closed itself, as it does when it can't write (its disk is full), the engine ends: H2 would never open again, and
 * each call would fail for ever. Whoever watches over the engine starts it anew.
 */
@Component
public class EmbeddedDatabase {

  private static final String H2 = "jdbc:h2:";
  private static final int LOOK_EVERY_S = 1;

  // what is no longer used is overwritten only then: long after it was written out to the disk, should the power fail
  private static final int KEPT_MS = 5_000;
  private static final int USED_PERCENT = 25;
  private static final int MOST_MOVED_BYTES = 2 << 20;
  // each waits 10 ms for those who write
  private static final int TRIES = 60;

  // more than what is on its way at once: transactions, none of which is larger than a request, and what is moved
  private static final long ROOM_BYTES = 32 << 20;

  private final DataSourceProperties database;
  private volatile MVStore store;
  private volatile File file;
  private boolean hadRoom = true;

  EmbeddedDatabase(DataSourceProperties database) throws SQLException {
    this.database = database;
    if (database.getUrl().startsWith(H2)) {
      repair();
    }
  }

  /** Before the engine opens it. */
  private void repair() throws SQLException {
    try (var connection = connect()) {
      var repaired = IndexRepair.repair(sessionOf(connection));
      if (!repaired.isEmpty()) {
        LoggerFactory.getLogger(EmbeddedDatabase.class).warn("indexes lacked rows, and were built anew: {}", repaired);
      }
    }
  }

  @EventListener(ApplicationReadyEvent.class)
  void watch() throws SQLException {
    if (!database.getUrl().startsWith(H2)) {
      return;
    }
    var connection = open();
    var watching =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              var thread = new Thread(task, "embedded-database");
              thread.setDaemon(true);
              return thread;
            });
    watching.scheduleWithFixedDelay(() -> lookAfter(connection), 0, LOOK_EVERY_S, TimeUnit.SECONDS);
  }

  Connection open() throws SQLException {
    var connection = connect();
    store = sessionOf(connection).getDatabase().getStore().getMvStore();
    store.setRetentionTime(KEPT_MS);
    var fileStore = store.getFileStore();
    // none in memory
    file = fileStore == null ? null : new File(fileStore.getFileName());
    return connection;
  }

  private Connection connect() throws SQLException {
    return DriverManager.getConnection(database.getUrl(), database.getUsername(), database.getPassword());
  }

  private static SessionLocal sessionOf(Connection connection) throws SQLException {
    return (SessionLocal) connection.unwrap(JdbcConnection.class).getSession();
  }

  /** Whether H2 has closed itself, or is about to: the delay is the first that it changes. */
  boolean isClosed() {
    return store != null && (store.getAutoCommitDelay() < 0 || store.isClosed());
  }

  /** Whether its disk has room for what is on its way. */
  boolean hasRoom() {
    return file == null || file.getUsableSpace() >= ROOM_BYTES;
  }

  private void lookAfter(Connection connection) {
    try (var statement = connection.createStatement()) {
      statement.execute("SELECT 1");
      if (tellRoom()) {
        store.sync();
        compact();
      }
    } catch (SQLException | RuntimeException | Error closed) {
      // an Error, too, would end this thread in silence
      LoggerFactory.getLogger(EmbeddedDatabase.class)
          .error("the embedded database has closed itself (is its disk full?); the engine ends, to be started again");
      // an orderly end would wait for the database
      Runtime.getRuntime().halt(1);
    }
  }

  private boolean tellRoom() {
    var hasRoom = hasRoom();
    if (hadRoom && !hasRoom) {
      LoggerFactory.getLogger(EmbeddedDatabase.class).error("the disk of the embedded database is full: nothing is kept until there is room");
    }
    hadRoom = hasRoom;
    return hasRoom;
  }

  private void compact() {
    var file = store.getFileStore();
    if (file == null) {
      return;
    }
    for (int tries = 0; tries < TRIES && file.getChunksFillRate() < USED_PERCENT; tries++) {
      if (store.compact(USED_PERCENT, MOST_MOVED_BYTES)) {
        return;
      }
    }
  }
}
