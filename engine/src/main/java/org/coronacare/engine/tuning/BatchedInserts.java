package org.coronacare.engine.tuning;

import com.zaxxer.hikari.HikariDataSource;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.stereotype.Component;

/**
 * Has PostgreSQL's driver join a batch of inserts to one statement: the engine inserts a case's variables and history in batches. It is a
 * setting of the connection here and not of its URL, which each installation writes itself.
 */
@Component
final class BatchedInserts implements BeanPostProcessor {

  @Override
  public Object postProcessBeforeInitialization(Object bean, String name) {
    if (bean instanceof HikariDataSource pool && pool.getJdbcUrl().startsWith("jdbc:postgresql:")) {
      pool.addDataSourceProperty("reWriteBatchedInserts", "true");
    }
    return bean;
  }
}
