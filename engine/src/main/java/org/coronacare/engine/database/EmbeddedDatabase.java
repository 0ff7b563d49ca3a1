package org.coronacare.engine.database;

import java.io.BufferedOutputStream;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.zip.Deflater;
import java.util.zip.ZipOutputStream;
import org.h2.engine.SessionLocal;
import org.h2.jdbc.JdbcConnection;
import org.h2.mvstore.MVStore;
import org.slf4j.LoggerFactory;
import org.springframework.boot.autoconfigure.jdbc.DataSourceProperties;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/**
 * Maintains an embedded H2, each second; a database server needs none of it.
 *
 * <p>Compacts the file: with WRITE_DELAY=0 each commit is written at once, and H2 itself doesn't compact the file, which would grow by
 * megabytes per case.
 *
 * <p>Refuses commits while the disk is nearly full: H2 closes itself when it can't write, and may reopen in the state of seconds
 * before, without transactions that it had acknowledged.
 *
 * <p>Ends the engine when H2 has closed itself: H2 would never open again in this process, and each call would fail. The supervisor,
 * or the container's restart policy, starts the engine again.
 */
@Component
public class EmbeddedDatabase {

  private static final String H2 = "jdbc:h2:";
  private static final int CHECK_INTERVAL_S = 1;

  // unused chunks are overwritten only after this time: long after their copies have reached the disk, in case the power fails
  private static final int RETENTION_MS = 5_000;
  private static final int USED_PERCENT = 25;
  private static final int MAX_MOVED_BYTES = 2 << 20;
  // each compaction waits 10 ms for writers
  private static final int TRIES = 60;

  // more than all concurrent writes: transactions, none of which is larger than a request, and chunks moved by compaction
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

  /** Runs before the engine opens the database. */
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
    watching.scheduleWithFixedDelay(() -> maintain(connection), 0, CHECK_INTERVAL_S, TimeUnit.SECONDS);
  }

  Connection open() throws SQLException {
    var connection = connect();
    store = sessionOf(connection).getDatabase().getStore().getMvStore();
    store.setRetentionTime(RETENTION_MS);
    var fileStore = store.getFileStore();
    // a database in memory has no file
    file = fileStore == null ? null : new File(fileStore.getFileName());
    return connection;
  }

  private Connection connect() throws SQLException {
    return DriverManager.getConnection(database.getUrl(), database.getUsername(), database.getPassword());
  }

  private static SessionLocal sessionOf(Connection connection) throws SQLException {
    return (SessionLocal) connection.unwrap(JdbcConnection.class).getSession();
  }

  /** Whether H2 has closed itself, or is about to: it changes the write delay first. */
  boolean isClosed() {
    return store != null && (store.getAutoCommitDelay() < 0 || store.isClosed());
  }

  /** Whether the disk has room for all concurrent writes. */
  boolean hasRoom() {
    return file == null || file.getUsableSpace() >= ROOM_BYTES;
  }

  /**
   * Copies the database in the state of one moment to a ZIP file beside it, which isn't compressed: commits wait until it is done.
   *
   * @return false without a file to copy, or without room for the copy
   */
  public synchronized boolean copy() throws IOException {
    if (file == null || file.getUsableSpace() < file.length() + ROOM_BYTES) {
      return false;
    }
    var failures = new ArrayList<IOException>();
    // an exception within the operation would close the store
    store.executeFilestoreOperation(
        () -> {
          try {
            writeCopy();
          } catch (IOException failure) {
            failures.add(failure);
          }
        });
    if (!failures.isEmpty()) {
      throw failures.get(0);
    }
    return true;
  }

  private void writeCopy() throws IOException {
    try (var copy = new ZipOutputStream(new BufferedOutputStream(new FileOutputStream(file + ".zip")))) {
      copy.setLevel(Deflater.NO_COMPRESSION);
      store.getFileStore().backup(copy);
    }
  }

  private void maintain(Connection connection) {
    try (var statement = connection.createStatement()) {
      statement.execute("SELECT 1");
      if (updateFreeSpace()) {
        store.sync();
        compact();
      }
    } catch (SQLException | RuntimeException | Error closed) {
      // an Error would end this thread silently, too
      LoggerFactory.getLogger(EmbeddedDatabase.class)
          .error("the embedded database has closed itself (is its disk full?); the engine ends, to be started again");
      // an orderly shutdown would wait for the database
      Runtime.getRuntime().halt(1);
    }
  }

  private boolean updateFreeSpace() {
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
      if (store.compact(USED_PERCENT, MAX_MOVED_BYTES)) {
        return;
      }
    }
  }
}
