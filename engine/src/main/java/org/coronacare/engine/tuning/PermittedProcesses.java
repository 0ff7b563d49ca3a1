package org.coronacare.engine.tuning;

import static org.camunda.bpm.engine.authorization.Authorization.ANY;
import static org.camunda.bpm.engine.authorization.Authorization.AUTH_TYPE_REVOKE;

import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.camunda.bpm.engine.authorization.Permission;
import org.camunda.bpm.engine.authorization.ProcessDefinitionPermissions;
import org.camunda.bpm.engine.authorization.ProcessInstancePermissions;
import org.camunda.bpm.engine.authorization.Resources;
import org.camunda.bpm.engine.impl.persistence.entity.AuthorizationEntity;

/**
 * The processes whose external tasks a caller may fetch. Camunda requires permissions to read and to update the instance, by its process
 * definition or by its id.
 *
 * @param isAll whether they are all
 * @param keys keys of process definitions
 */
record PermittedProcesses(boolean isAll, Collection<String> keys) {

  static final PermittedProcesses ALL = new PermittedProcesses(true, List.of());

  /**
   * The processes that these authorizations permit.
   *
   * @param authorizations all of a caller on process definitions and process instances
   * @return null if some are for a single process instance, or revoke: then it depends on the instance
   */
  static PermittedProcesses of(List<AuthorizationEntity> authorizations) {
    if (authorizations.stream().anyMatch(PermittedProcesses::dependsOnInstance)) {
      return null;
    }
    var read = resources(authorizations, ProcessDefinitionPermissions.READ_INSTANCE, ProcessInstancePermissions.READ);
    var updated = resources(authorizations, ProcessDefinitionPermissions.UPDATE_INSTANCE, ProcessInstancePermissions.UPDATE);
    if (read.contains(ANY) && updated.contains(ANY)) {
      return ALL;
    }
    var keys = new HashSet<>(read.contains(ANY) ? updated : read);
    if (!read.contains(ANY) && !updated.contains(ANY)) {
      keys.retainAll(updated);
    }
    return new PermittedProcesses(false, keys);
  }

  boolean isNone() {
    return !isAll && keys.isEmpty();
  }

  private static boolean dependsOnInstance(AuthorizationEntity authorization) {
    return authorization.getAuthorizationType() == AUTH_TYPE_REVOKE
        || authorization.getResourceType() == Resources.PROCESS_INSTANCE.resourceType() && !ANY.equals(authorization.getResourceId());
  }

  /** The keys of process definitions for which one of two permissions is granted, or ANY. */
  private static Set<String> resources(List<AuthorizationEntity> authorizations, Permission byDefinition, Permission byInstance) {
    return authorizations.stream()
        .filter(each -> each.isPermissionGranted(byDefinition) || each.isPermissionGranted(byInstance))
        .map(AuthorizationEntity::getResourceId)
        .collect(Collectors.toSet());
  }
}
