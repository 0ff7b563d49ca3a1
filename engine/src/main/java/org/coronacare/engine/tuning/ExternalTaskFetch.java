package org.coronacare.engine.tuning;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.apache.ibatis.builder.xml.XMLMapperBuilder;
import org.camunda.bpm.engine.impl.QueryOrderingProperty;
import org.camunda.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.db.ListQueryParameterObject;
import org.camunda.bpm.engine.impl.db.sql.DbSqlSessionFactory;
import org.camunda.bpm.engine.impl.externaltask.TopicFetchInstruction;
import org.camunda.bpm.engine.impl.identity.Authentication;
import org.camunda.bpm.engine.impl.interceptor.Session;
import org.camunda.bpm.engine.impl.interceptor.SessionFactory;
import org.camunda.bpm.engine.impl.persistence.entity.AuthorizationEntity;
import org.camunda.bpm.engine.impl.persistence.entity.ExternalTaskEntity;
import org.camunda.bpm.engine.impl.persistence.entity.ExternalTaskManager;
import org.camunda.bpm.engine.impl.util.ClockUtil;
import org.camunda.bpm.engine.impl.util.DatabaseUtil;
import org.coronacare.engine.support.Lists;
import org.springframework.stereotype.Component;

/**
 * Has a fetch of external tasks read the first ones only, however many wait. Camunda joins all of them with the caller's authorizations,
 * and removes duplicates, before it takes the first. Here the authorizations are read before, as the processes that the caller may fetch
 * from. A fetch with other conditions than topics, or a caller with authorizations of another kind, is left to Camunda's statement.
 */
@Component
public class ExternalTaskFetch extends AbstractProcessEnginePlugin {

  private static final String MAPPING = "org/coronacare/engine/tuning/external-tasks.xml";

  @Override
  public void preInit(ProcessEngineConfigurationImpl configuration) {
    configuration.setCustomSessionFactories(Lists.append(configuration.getCustomSessionFactories(), new Factory()));
  }

  @Override
  public void postInit(ProcessEngineConfigurationImpl configuration) {
    var statements = configuration.getSqlSessionFactory().getConfiguration();
    var mapping = ExternalTaskFetch.class.getClassLoader().getResourceAsStream(MAPPING);
    new XMLMapperBuilder(mapping, statements, MAPPING, statements.getSqlFragments()).parse();
  }

  private static final class Factory implements SessionFactory {

    @Override
    public Class<?> getSessionType() {
      return ExternalTaskManager.class;
    }

    @Override
    public Session openSession() {
      return new Tasks();
    }
  }

  private static final class Tasks extends ExternalTaskManager {

    @Override
    public List<ExternalTaskEntity> selectExternalTasksForTopics(
        Collection<TopicFetchInstruction> topics, int maxResults, List<QueryOrderingProperty> order) {
      var permitted = topics.stream().allMatch(Tasks::hasNoConditions) ? permittedProcesses() : null;
      if (permitted == null) {
        return super.selectExternalTasksForTopics(topics, maxResults, order);
      }
      if (topics.isEmpty() || permitted.isNone()) {
        return List.of();
      }
      Map<String, Object> values =
          Map.of(
              "topics", topics,
              "now", ClockUtil.getCurrentTime(),
              "orderingProperties", order,
              "permitted", permitted,
              "isH2", DatabaseUtil.checkDatabaseType(DbSqlSessionFactory.H2));
      var parameter = new ListQueryParameterObject(values, 0, maxResults);
      getTenantManager().configureQuery(parameter);
      return selectList("selectFirstExternalTasks", parameter);
    }

    private static boolean hasNoConditions(TopicFetchInstruction topic) {
      return topic.getBusinessKey() == null
          && topic.getProcessDefinitionId() == null
          && topic.getProcessDefinitionIds() == null
          && topic.getProcessDefinitionKey() == null
          && topic.getProcessDefinitionKeys() == null
          && topic.getProcessDefinitionVersionTag() == null
          && !topic.isTenantIdSet()
          && topic.getFilterVariables().isEmpty();
    }

    /** The processes that the caller may fetch from; null if the authorizations don't tell it. */
    private PermittedProcesses permittedProcesses() {
      Authentication caller = getCurrentAuthentication();
      if (!isAuthorizationEnabled() || !getCommandContext().isAuthorizationCheckEnabled() || caller == null || caller.getUserId() == null) {
        return PermittedProcesses.ALL;
      }
      List<String> groups = caller.getGroupIds() == null ? List.of() : caller.getGroupIds();
      var parameter = new ListQueryParameterObject();
      parameter.setParameter(Map.of("user", caller.getUserId(), "groups", groups));
      return PermittedProcesses.of(this.<AuthorizationEntity>selectList("selectAuthorizationsOfFetch", parameter));
    }

    @SuppressWarnings("unchecked")
    private <T> List<T> selectList(String statement, ListQueryParameterObject parameter) {
      return (List<T>) getDbEntityManager().selectList(statement, parameter);
    }
  }
}
