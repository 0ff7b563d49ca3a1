package org.coronacare.engine.tuning;

import static org.camunda.bpm.engine.authorization.Authorization.AUTH_TYPE_GLOBAL;
import static org.camunda.bpm.engine.authorization.Authorization.AUTH_TYPE_GRANT;
import static org.camunda.bpm.engine.authorization.Authorization.AUTH_TYPE_REVOKE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.camunda.bpm.engine.ProcessEngine;
import org.camunda.bpm.engine.authorization.Permission;
import org.camunda.bpm.engine.authorization.ProcessDefinitionPermissions;
import org.camunda.bpm.engine.authorization.ProcessInstancePermissions;
import org.camunda.bpm.engine.authorization.Resource;
import org.camunda.bpm.engine.authorization.Resources;
import org.camunda.bpm.engine.externaltask.ExternalTaskQueryTopicBuilder;
import org.camunda.bpm.engine.externaltask.LockedExternalTask;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.cfg.StandaloneInMemProcessEngineConfiguration;
import org.camunda.bpm.engine.variable.Variables;
import org.camunda.bpm.model.bpmn.Bpmn;
import org.coronacare.engine.support.ExecutedQueries;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An engine with ExternalTaskFetch and one without, on the same database, fetch the same tasks in the same order. */
class ExternalTaskFetchTest {

  private static final int AUTHORIZATION_SETS = 100;
  private static final int MAX_AUTHORIZATIONS = 4;
  private static final List<String> TOPICS = List.of("t", "u");

  private ProcessEngine camunda;
  private ProcessEngine ours;
  private ExecutedQueries queries;

  @BeforeEach
  void createTasks() {
    camunda = build("create-drop", false);
    ours = build("false", true);
    queries = ExecutedQueries.of(ours);
    deploy("a", null);
    deploy("b", null);
    deploy("c", "tenant");
    var random = new Random(1);
    for (int number = 0; number < 40; number++) {
      start("abc".substring(number % 3, number % 3 + 1), random.nextInt(5), number);
    }
    var tasks = camunda.getExternalTaskService().createExternalTaskQuery().list();
    camunda.getExternalTaskService().lock(tasks.get(0).getId(), "another", 600_000);
    camunda.getExternalTaskService().lock(tasks.get(1).getId(), "another", 1);
    camunda.getExternalTaskService().setRetries(tasks.get(2).getId(), 0);
    camunda.getExternalTaskService().setRetries(tasks.get(3).getId(), 2);
    camunda.getRuntimeService().suspendProcessInstanceById(tasks.get(4).getProcessInstanceId());
  }

  private ProcessEngine build(String schema, boolean isOurs) {
    var configuration = new StandaloneInMemProcessEngineConfiguration();
    configuration.setProcessEngineName("fetch " + isOurs);
    configuration.setJdbcUrl("jdbc:h2:mem:fetch;DB_CLOSE_DELAY=-1");
    configuration.setDatabaseSchemaUpdate(schema);
    configuration.setEnforceHistoryTimeToLive(false);
    configuration.setProcessEnginePlugins(isOurs ? List.of(new ExternalTaskFetch()) : List.of());
    return configuration.buildProcessEngine();
  }

  private void deploy(String key, String tenant) {
    var model =
        Bpmn.createExecutableProcess(key)
            .startEvent()
            .serviceTask("e" + key)
            .camundaExternalTask("${topic}")
            .camundaTaskPriority("${priority}")
            .endEvent()
            .done();
    camunda.getRepositoryService().createDeployment().tenantId(tenant).addModelInstance(key + ".bpmn", model).deploy();
  }

  private void start(String key, int priority, int number) {
    var values = Variables.putValue("priority", priority).putValue("topic", TOPICS.get(number % 2)).putValue("number", number % 4);
    camunda.getRuntimeService().startProcessInstanceByKey(key, "case " + number % 5, values);
  }

  @AfterEach
  void close() {
    ours.close();
    camunda.close();
  }

  private void removeAuthorizations() {
    var authorizations = camunda.getAuthorizationService();
    authorizations.createAuthorizationQuery().list().forEach(each -> authorizations.deleteAuthorization(each.getId()));
  }

  @Test
  void eachCallerFetchesTheSameTasksAsFromCamunda() {
    var random = new Random(2);
    var counts = new HashSet<Integer>();
    for (int set = 0; set < AUTHORIZATION_SETS; set++) {
      removeAuthorizations();
      var authorizations = new ArrayList<String>();
      for (int number = random.nextInt(MAX_AUTHORIZATIONS + 1); number > 0; number--) {
        authorizations.add(authorize(random));
      }
      counts.add(assertSameTasks(UnaryOperator.identity(), true, authorizations.toString()).size());
    }
    assertTrue(counts.contains(0) && counts.size() > 5, counts.toString());
    // some sets depend on the instance, and are left to Camunda's statement
    assertTrue(queries.count("selectFirstExternalTasks") > 0 && queries.count("selectExternalTasksForTopics") > 0);
  }

  @Test
  void eachConditionOfAFetchHolds() {
    grantAll();
    String a = idOf("a");
    String b = idOf("b");
    Stream.<UnaryOperator<ExternalTaskQueryTopicBuilder>>of(
            topic -> topic.businessKey("case 1"),
            topic -> topic.processDefinitionKey("a"),
            topic -> topic.processDefinitionKeyIn("a", "b"),
            topic -> topic.processDefinitionId(b),
            topic -> topic.processDefinitionIdIn(b, a),
            topic -> topic.processDefinitionVersionTag("none"),
            ExternalTaskQueryTopicBuilder::withoutTenantId,
            topic -> topic.tenantIdIn("tenant"),
            topic -> topic.processInstanceVariableEquals("number", 2))
        .forEach(
            condition -> {
              var all = assertSameTasks(UnaryOperator.identity(), true, "all").size();
              var some = assertSameTasks(condition, true, "a condition").size();
              assertTrue(some < all, some + " of " + all);
            });
  }

  @Test
  void theFirstByPriorityAreFetchedWithoutCamundasStatement() {
    grantAll();
    var all = assertSameTasks(UnaryOperator.identity(), true, "all");
    var first = fetch(ours, 5, UnaryOperator.identity(), true);
    assertEquals(all.stream().limit(5).map(LockedExternalTask::getPriority).toList(), first.stream().map(LockedExternalTask::getPriority).toList());
    assertTrue(first.stream().allMatch(task -> task.getBusinessKey().startsWith("case")));
    assertEquals(2, queries.count("selectFirstExternalTasks"));
    assertEquals(0, queries.count("selectExternalTasksForTopics"));
  }

  @Test
  void theOrderOfPrioritiesIsOptional() {
    grantAll();
    assertEquals(assertSameTasks(UnaryOperator.identity(), true, "ordered").size(), fetch(ours, 100, UnaryOperator.identity(), false).size());
  }

  private void grantAll() {
    authorize(AUTH_TYPE_GRANT, "me", null, Resources.PROCESS_INSTANCE, "*", ProcessInstancePermissions.ALL);
  }

  private String authorize(Random random) {
    var isRevoking = random.nextInt(12) == 0;
    var who = random.nextInt(4);
    var type = isRevoking ? AUTH_TYPE_REVOKE : who == 0 ? AUTH_TYPE_GLOBAL : AUTH_TYPE_GRANT;
    var user = who == 0 ? (isRevoking ? "me" : "*") : who == 1 ? "me" : who == 2 ? "another" : null;
    var group = user == null ? "parts" : null;
    var isOnInstance = random.nextInt(3) == 0;
    var resource = isOnInstance ? Resources.PROCESS_INSTANCE : Resources.PROCESS_DEFINITION;
    var ids = isOnInstance ? List.of("*", "*", "*", anyInstance()) : List.of("*", "a", "b", "c");
    Permission[] permissions =
        isOnInstance
            ? new Permission[] {ProcessInstancePermissions.READ, ProcessInstancePermissions.UPDATE, ProcessInstancePermissions.ALL}
            : new Permission[] {
              ProcessDefinitionPermissions.READ_INSTANCE, ProcessDefinitionPermissions.UPDATE_INSTANCE, ProcessDefinitionPermissions.ALL
            };
    return authorize(type, user, group, resource, ids.get(random.nextInt(4)), permissions[random.nextInt(3)]);
  }

  private String anyInstance() {
    return camunda.getExternalTaskService().createExternalTaskQuery().listPage(7, 1).get(0).getProcessInstanceId();
  }

  /** Returns its description. One like another that exists already isn't added. */
  private String authorize(int type, String user, String group, Resource resource, String id, Permission permission) {
    var service = camunda.getAuthorizationService();
    var authorization = service.createNewAuthorization(type);
    if (user != null && type != AUTH_TYPE_GLOBAL) {
      authorization.setUserId(user);
    }
    if (group != null) {
      authorization.setGroupId(group);
    }
    authorization.setResource(resource);
    authorization.setResourceId(id);
    if (type == AUTH_TYPE_REVOKE) {
      authorization.removePermission(permission);
    } else {
      authorization.addPermission(permission);
    }
    var same = service.createAuthorizationQuery().authorizationType(type).resourceType(resource).resourceId(id);
    if ((user == null ? same.groupIdIn(group) : same.userIdIn(user)).count() == 0) {
      service.saveAuthorization(authorization);
    }
    return List.of(type, String.valueOf(user), String.valueOf(group), resource, id, permission).toString();
  }

  private String idOf(String key) {
    return camunda.getRepositoryService().createProcessDefinitionQuery().processDefinitionKey(key).singleResult().getId();
  }

  private List<LockedExternalTask> assertSameTasks(
      UnaryOperator<ExternalTaskQueryTopicBuilder> condition, boolean usePriority, String message) {
    var expected = fetch(camunda, 100, condition, usePriority);
    var fetched = fetch(ours, 100, condition, usePriority);
    assertEquals(ids(expected), ids(fetched), message);
    assertEquals(expected.stream().map(LockedExternalTask::getPriority).toList(), fetched.stream().map(LockedExternalTask::getPriority).toList(), message);
    return fetched;
  }

  private static Set<String> ids(List<LockedExternalTask> tasks) {
    return Set.copyOf(tasks.stream().map(LockedExternalTask::getId).toList());
  }

  /** Fetches as a user with a group and a tenant, and unlocks what was fetched. */
  private List<LockedExternalTask> fetch(
      ProcessEngine engine, int max, UnaryOperator<ExternalTaskQueryTopicBuilder> condition, boolean usePriority) {
    var configuration = (ProcessEngineConfigurationImpl) engine.getProcessEngineConfiguration();
    engine.getIdentityService().setAuthentication("me", List.of("parts"), List.of("tenant"));
    configuration.setAuthorizationEnabled(true);
    try {
      var query = engine.getExternalTaskService().fetchAndLock(max, "worker", usePriority);
      for (var topic : TOPICS) {
        condition.apply(query.topic(topic, 600_000));
      }
      return query.execute();
    } finally {
      configuration.setAuthorizationEnabled(false);
      engine.getIdentityService().clearAuthentication();
      camunda.getExternalTaskService().createExternalTaskQuery().workerId("worker").list().forEach(
          task -> camunda.getExternalTaskService().unlock(task.getId()));
    }
  }
}
