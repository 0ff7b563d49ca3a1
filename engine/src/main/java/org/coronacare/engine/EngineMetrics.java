package org.coronacare.engine;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/**
 * Metrics of waiting tasks, jobs and incidents, for Prometheus: their number, and the age of the oldest. While the database doesn't
 * answer, the metrics are absent rather than stale.
 */
@Component
@EnableScheduling
class EngineMetrics {

  private static final Logger LOG = LoggerFactory.getLogger(EngineMetrics.class);
  private static final int UPDATE_INTERVAL_MS = 5000;

  // a task with an incident is left out: it would be the oldest for good
  private static final String EXTERNAL_TASKS =
      "SELECT TOPIC_NAME_, COUNT(*), MIN(CREATE_TIME_) FROM ACT_RU_EXT_TASK WHERE RETRIES_ IS NULL OR RETRIES_ > 0 GROUP BY TOPIC_NAME_";
  private static final String USER_TASKS = "SELECT TASK_DEF_KEY_, COUNT(*), MIN(CREATE_TIME_) FROM ACT_RU_TASK GROUP BY TASK_DEF_KEY_";
  private static final String JOBS =
      "SELECT HANDLER_TYPE_, COUNT(*), MIN(COALESCE(DUEDATE_, CREATE_TIME_)) FROM ACT_RU_JOB"
          + " WHERE RETRIES_ > 0 AND SUSPENSION_STATE_ = 1 AND (DUEDATE_ IS NULL OR DUEDATE_ <= CURRENT_TIMESTAMP) GROUP BY HANDLER_TYPE_";
  private static final String MESSAGES =
      "SELECT ACTIVITY_ID_, COUNT(*), MIN(CREATED_) FROM ACT_RU_EVENT_SUBSCR WHERE EXECUTION_ID_ IS NOT NULL GROUP BY ACTIVITY_ID_";
  // a calling process instance repeats the incident of the called one
  private static final String INCIDENTS =
      "SELECT INCIDENT_TYPE_, COUNT(*), MIN(INCIDENT_TIMESTAMP_) FROM ACT_RU_INCIDENT WHERE ID_ = CAUSE_INCIDENT_ID_ GROUP BY INCIDENT_TYPE_";

  private record Waiting(String name, long count, Instant oldest) {

    static Waiting of(ResultSet row, int number) throws SQLException {
      Timestamp oldest = row.getTimestamp(3);
      return new Waiting(row.getString(1), row.getLong(2), oldest == null ? Instant.now() : oldest.toInstant());
    }
  }

  private final class Figures {

    private final String query;
    private final String label;
    private final MultiGauge counts;
    private final MultiGauge ages;

    Figures(MeterRegistry registry, String what, String label, String query) {
      this.query = query;
      this.label = label;
      this.counts = MultiGauge.builder("engine." + what).register(registry);
      this.ages = MultiGauge.builder("engine." + what + ".oldest").baseUnit("seconds").register(registry);
    }

    void show(List<Waiting> found) {
      Instant now = Instant.now();
      counts.register(found.stream().map(each -> row(each, each.count())).toList(), true);
      ages.register(found.stream().map(each -> row(each, seconds(each.oldest(), now))).toList(), true);
    }

    private MultiGauge.Row<Number> row(Waiting each, double value) {
      return MultiGauge.Row.of(Tags.of(label, each.name()), value);
    }
  }

  private final JdbcTemplate database;
  private final List<Figures> all;

  EngineMetrics(JdbcTemplate database, MeterRegistry registry) {
    this.database = database;
    this.all =
        List.of(
            new Figures(registry, "external.tasks", "topic", EXTERNAL_TASKS),
            new Figures(registry, "user.tasks", "task", USER_TASKS),
            new Figures(registry, "messages.awaited", "step", MESSAGES),
            new Figures(registry, "jobs.due", "handler", JOBS),
            new Figures(registry, "incidents", "type", INCIDENTS));
  }

  @Scheduled(fixedDelay = UPDATE_INTERVAL_MS)
  void update() {
    for (Figures figures : all) {
      try {
        figures.show(database.query(figures.query, Waiting::of));
      } catch (RuntimeException e) {
        LOG.warn("metrics of waiting tasks and jobs are unavailable: {}", e.getClass().getSimpleName());
        figures.show(List.of());
      }
    }
  }

  private static double seconds(Instant since, Instant now) {
    return Math.max(0, Duration.between(since, now).toMillis() / 1000.0);
  }
}
