package org.coronacare.engine;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.jdbc.DataSourceProperties;

class EmbeddedDatabaseTest {

  @Test
  void aDatabaseInMemoryNeedsNoDisk() throws SQLException {
    var database = new DataSourceProperties();
    database.setUrl("jdbc:h2:mem:bench;DB_CLOSE_ON_EXIT=FALSE");
    database.setUsername("sa");
    database.setPassword("");
    var embedded = new EmbeddedDatabase(database);
    try (var connection = embedded.open()) {
      assertTrue(embedded.hasRoom());
      assertFalse(embedded.isClosed());
    }
  }
}
