package org.coronacare.engine.database;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

class SchemaMigrationsTest {

  private static final int NEXT_VERSION = SchemaMigrations.MIGRATIONS.size() + 1;

  @TempDir Path folder;

  private JdbcTemplate sql;
  private SchemaMigrations schema;

  @BeforeEach
  void createTablesOfCamunda() {
    var source = new DriverManagerDataSource("jdbc:h2:file:" + folder.resolve("engine"), "sa", "");
    sql = new JdbcTemplate(source);
    schema = new SchemaMigrations(sql, new DataSourceTransactionManager(source));
    sql.execute("CREATE TABLE ACT_GE_PROPERTY (NAME_ VARCHAR(64), VALUE_ VARCHAR(300))");
    sql.execute("CREATE TABLE ACT_RU_JOB (DUEDATE_ TIMESTAMP)");
    sql.execute("CREATE TABLE ACT_RU_TASK (PARENT_TASK_ID_ VARCHAR(64))");
    sql.execute("CREATE TABLE ACT_HI_ACTINST (ACT_ID_ VARCHAR(255), END_TIME_ TIMESTAMP, START_TIME_ TIMESTAMP)");
  }

  @Test
  void eachVersionIsAppliedOnce() {
    schema.postProcessEngineBuild(null);
    var applied = sql.queryForList("SELECT APPLIED_ FROM CORONACARE_SCHEMA ORDER BY VERSION_");
    schema.postProcessEngineBuild(null);
    assertEquals(IntStream.range(1, NEXT_VERSION).boxed().toList(), versions());
    assertEquals(applied, sql.queryForList("SELECT APPLIED_ FROM CORONACARE_SCHEMA ORDER BY VERSION_"));
  }

  @Test
  void aDatabaseWithoutVersionsKeepsItsRows() {
    SchemaMigrations.MIGRATIONS.forEach(sql::execute);
    insertKey();
    schema.postProcessEngineBuild(null);
    assertEquals(List.of("key"), keys());
    assertEquals(IntStream.range(1, NEXT_VERSION).boxed().toList(), versions());
  }

  @Test
  void aRollbackKeepsTheColumnsOfTheNewerVersion() {
    schema.postProcessEngineBuild(null);
    sql.execute("ALTER TABLE CORONACARE_ONCE ADD COLUMN NODE_ VARCHAR(64)");
    sql.update("INSERT INTO CORONACARE_SCHEMA VALUES (?, CURRENT_TIMESTAMP)", NEXT_VERSION);
    insertKey();
    sql.update("UPDATE CORONACARE_ONCE SET NODE_ = 'node-1'");
    schema.postProcessEngineBuild(null);
    assertEquals("node-1", sql.queryForObject("SELECT NODE_ FROM CORONACARE_ONCE", String.class));
    assertEquals(NEXT_VERSION, versions().size());
  }

  @Test
  void migrationsContinueAfterTheEngineWasKilled() {
    schema.postProcessEngineBuild(null);
    sql.update("DELETE FROM CORONACARE_SCHEMA WHERE VERSION_ > 1");
    schema.postProcessEngineBuild(null);
    assertEquals(IntStream.range(1, NEXT_VERSION).boxed().toList(), versions());
  }

  @Test
  void noMigrationRemovesAnything() {
    SchemaMigrations.MIGRATIONS.forEach(each -> assertTrue(each.matches("CREATE .* IF NOT EXISTS .*|ALTER TABLE .* ADD COLUMN IF NOT EXISTS .*"), each));
  }

  private void insertKey() {
    sql.update("INSERT INTO CORONACARE_ONCE (HASH_, AT_) VALUES ('key', CURRENT_TIMESTAMP)");
  }

  private List<String> keys() {
    return sql.queryForList("SELECT HASH_ FROM CORONACARE_ONCE", String.class);
  }

  private List<Integer> versions() {
    return sql.queryForList("SELECT VERSION_ FROM CORONACARE_SCHEMA ORDER BY VERSION_", Integer.class);
  }
}
