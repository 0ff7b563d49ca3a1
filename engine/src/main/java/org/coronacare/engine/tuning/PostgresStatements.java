package org.coronacare.engine.tuning;

import com.zaxxer.hikari.HikariDataSource;
import java.util.Map;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.stereotype.Component;

/**
 * How PostgreSQL's driver and server prepare the engine's statements. They are settings of the connection here and not of its URL, which
 * each installation writes itself.
 */
@Component
final class PostgresStatements implements BeanPostProcessor {

  private static final Map<String, String> PROPERTIES =
      Map.of(
          // the engine inserts a case's variables and history in batches; the driver joins a batch to one statement
          "reWriteBatchedInserts",
          "true",
          // Camunda's statements differ by the lengths of their lists and batches; with the default of 256 many are prepared again
          "preparedStatementCacheQueries",
          "2048",
          "preparedStatementCacheSizeMiB",
          "20",
          // by default the server plans most statements at each execution, also checks of foreign keys: a quarter of its time
          "options",
          "-c plan_cache_mode=force_generic_plan");

  @Override
  public Object postProcessBeforeInitialization(Object bean, String name) {
    if (bean instanceof HikariDataSource pool && pool.getJdbcUrl().startsWith("jdbc:postgresql:")) {
      PROPERTIES.forEach(pool::addDataSourceProperty);
    }
    return bean;
  }
}
