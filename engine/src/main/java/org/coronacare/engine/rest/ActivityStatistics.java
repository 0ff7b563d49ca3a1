package org.coronacare.engine.rest;

import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response.Status;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.camunda.bpm.engine.AuthorizationException;
import org.camunda.bpm.engine.ProcessEngine;
import org.camunda.bpm.engine.authorization.Permissions;
import org.camunda.bpm.engine.authorization.Resources;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.persistence.entity.AuthorizationManager;
import org.camunda.bpm.engine.rest.exception.InvalidRequestException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.namedparam.NamedParameterJdbcTemplate;

/**
 * How many activity instances are at each step and since when, and how many were at past times. Camunda's REST API has no median, and one
 * count for each step and time; here each question is one statement on the index CORONACARE_ACTINST_STEP. Times are milliseconds since
 * 1970 UTC. Anyone who may read the history of cases may ask: the answers contain no data of cases.
 */
@Path("/coronacare/activity-statistics")
@Consumes(MediaType.APPLICATION_JSON)
@Produces(MediaType.APPLICATION_JSON)
public class ActivityStatistics {

  // key of the process whose instances are cases
  private static final String CASES = "corona_care";
  private static final int MAX_STEPS = 1000;
  private static final int MAX_TIMES = 100;
  private static final int MAX_LIMIT = 100;

  private static final String WAITS =
      "(SELECT ACT_ID_, PROC_INST_ID_, START_TIME_ FROM ACT_HI_ACTINST WHERE ACT_ID_ IN (:steps) AND END_TIME_ IS NULL)";
  // for steps that an instance enters anew while it waits
  private static final String WAITS_SINCE_INSTANCE =
      "(SELECT STEP_.ACT_ID_, STEP_.PROC_INST_ID_, WHOLE_.START_TIME_ FROM ACT_HI_ACTINST STEP_ JOIN ACT_HI_PROCINST WHOLE_"
          + " ON WHOLE_.PROC_INST_ID_ = STEP_.PROC_INST_ID_ WHERE STEP_.ACT_ID_ IN (:steps) AND STEP_.END_TIME_ IS NULL)";
  // PERCENTILE_DISC: half of the instances have started at this time or before
  private static final String RUNNING =
      "SELECT STEPS_.*, (SELECT FIRST_.PROC_INST_ID_ FROM %1$s FIRST_ WHERE FIRST_.ACT_ID_ = STEPS_.ACT_ID_"
          + " AND FIRST_.START_TIME_ = STEPS_.OLDEST_ FETCH FIRST 1 ROW ONLY) FROM"
          + " (SELECT ACT_ID_, COUNT(*) AS COUNT_, MIN(START_TIME_) AS OLDEST_,"
          + " PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY START_TIME_) AS MEDIAN_ FROM %1$s WAITS_ GROUP BY ACT_ID_) STEPS_";
  // one look-up in the index on PROC_DEF_ID_ for each version with instances; for DISTINCT and EXISTS the database scans all executions
  private static final String NEXT_VERSION = "SELECT MIN(PROC_DEF_ID_) FROM ACT_RU_EXECUTION WHERE PROC_DEF_ID_ > ?";
  private static final String COUNT_AT = "COUNT(CASE WHEN START_TIME_ <= :t%1$d AND (END_TIME_ IS NULL OR END_TIME_ > :t%1$d) THEN 1 END)";
  private static final String OVERDUE = "FROM %s WAITS_ WHERE START_TIME_ <= :before";
  private static final String PAST =
      "SELECT ACT_ID_, %s FROM ACT_HI_ACTINST WHERE ACT_ID_ IN (:steps) AND (END_TIME_ IS NULL OR END_TIME_ > :earliest) GROUP BY ACT_ID_";

  /**
   * @param steps ids of elements in diagrams
   * @param sinceInstance measure from the start of the process instances, for steps that these enter anew while they wait
   */
  public record RunningQuery(List<String> steps, boolean sinceInstance) {}

  /**
   * The instances that are at a step.
   *
   * @param oldest the start of the oldest
   * @param median half of them have started at this time or before
   * @param first the id of the oldest one's process instance
   */
  public record Running(String step, long count, long oldest, long median, String first) {

    private static Running of(ResultSet row, int number) throws SQLException {
      return new Running(
          row.getString(1), row.getLong(2), row.getTimestamp(3).getTime(), row.getTimestamp(4).getTime(), row.getString(5));
    }
  }

  public record OverdueQuery(String step, boolean sinceInstance, Long before, Integer limit) {}

  public record Instance(String processInstanceId, long start) {}

  /**
   * The instances that are at a step since a time or longer.
   *
   * @param oldest the first of them
   */
  public record Overdue(long count, List<Instance> oldest) {}

  public record PastQuery(List<String> steps, List<Long> times) {}

  private final ProcessEngineConfigurationImpl configuration;
  private final NamedParameterJdbcTemplate database;

  ActivityStatistics(ProcessEngine engine, JdbcTemplate database) {
    this.configuration = (ProcessEngineConfigurationImpl) engine.getProcessEngineConfiguration();
    this.database = new NamedParameterJdbcTemplate(database);
  }

  /** The ids of the deployed versions with running instances. Camunda's REST API counts all instances to tell which have some. */
  @GET
  @Path("/versions")
  public List<String> versions() {
    check(true);
    var plain = database.getJdbcOperations();
    return Stream.iterate(
            plain.queryForObject(NEXT_VERSION, String.class, ""),
            Objects::nonNull,
            version -> plain.queryForObject(NEXT_VERSION, String.class, version))
        .toList();
  }

  @POST
  @Path("/running")
  public List<Running> running(RunningQuery query) {
    check(query != null && isList(query.steps(), MAX_STEPS));
    var running = RUNNING.formatted(waits(query.sinceInstance()));
    return query.steps().isEmpty() ? List.of() : database.query(running, Map.of("steps", query.steps()), Running::of);
  }

  @POST
  @Path("/overdue")
  public Overdue overdue(OverdueQuery query) {
    check(query != null && query.step() != null && query.before() != null && query.limit() != null && query.limit() <= MAX_LIMIT);
    var overdue = OVERDUE.formatted(waits(query.sinceInstance()));
    var values = Map.of("steps", query.step(), "before", new Timestamp(query.before()), "limit", query.limit());
    var count = database.queryForObject("SELECT COUNT(*) " + overdue, values, Long.class);
    var oldest =
        database.query(
            "SELECT PROC_INST_ID_, START_TIME_ " + overdue + " ORDER BY START_TIME_ FETCH FIRST :limit ROWS ONLY",
            values,
            (row, number) -> new Instance(row.getString(1), row.getTimestamp(2).getTime()));
    return new Overdue(count, oldest);
  }

  private static String waits(boolean sinceInstance) {
    return sinceInstance ? WAITS_SINCE_INSTANCE : WAITS;
  }

  /** The number of instances at each of the times, by step. */
  @POST
  @Path("/past")
  public Map<String, List<Long>> past(PastQuery query) {
    check(query != null && isList(query.steps(), MAX_STEPS) && isList(query.times(), MAX_TIMES));
    var times = query.times();
    Map<String, List<Long>> counts = new HashMap<>();
    query.steps().forEach(step -> counts.put(step, Collections.nCopies(times.size(), 0L)));
    if (times.isEmpty() || counts.isEmpty()) {
      return counts;
    }
    Map<String, Object> values = new HashMap<>(Map.of("steps", query.steps(), "earliest", new Timestamp(Collections.min(times))));
    IntStream.range(0, times.size()).forEach(number -> values.put("t" + number, new Timestamp(times.get(number))));
    var columns = IntStream.range(0, times.size()).mapToObj(COUNT_AT::formatted).collect(Collectors.joining(", "));
    database.query(
        PAST.formatted(columns),
        values,
        row -> {
          var own = new Long[times.size()];
          for (int number = 0; number < own.length; number++) {
            own[number] = row.getLong(number + 2);
          }
          counts.put(row.getString(1), List.of(own));
        });
    return counts;
  }

  private static boolean isList(List<?> values, int max) {
    return values != null && values.size() <= max && !values.contains(null);
  }

  private void check(boolean isValid) {
    configuration
        .getCommandExecutorTxRequired()
        .execute(
            context -> {
              if (!mayReadHistory(context.getAuthorizationManager())) {
                throw new AuthorizationException("You may not read the history of cases");
              }
              return null;
            });
    if (!isValid) {
      throw new InvalidRequestException(Status.BAD_REQUEST, "steps, times or limit are missing or too large");
    }
  }

  private static boolean mayReadHistory(AuthorizationManager authorizations) {
    return authorizations.isAuthorized(Permissions.READ_HISTORY, Resources.PROCESS_DEFINITION, CASES);
  }
}
