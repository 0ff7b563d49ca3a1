package org.coronacare.engine;

import java.util.List;
import java.util.Set;
import org.camunda.bpm.engine.rest.impl.FetchAndLockHandlerImpl;
import org.camunda.bpm.engine.rest.impl.FetchAndLockRequest;
import org.camunda.bpm.engine.rest.impl.FetchAndLockResult;

/**
 * Whenever there is a new external task, the engine looks for tasks for each long poll that waits. Here it looks which topics have any,
 * once, and then only for the polls that ask for one of those: many workers that wait cost the others nothing.
 */
public class SparingPolls extends FetchAndLockHandlerImpl {

  // by the handler's thread only
  private Set<String> topics;

  @Override
  protected void acquire() {
    topics = null;
    super.acquire();
  }

  @Override
  protected FetchAndLockResult tryFetchAndLock(FetchAndLockRequest request) {
    boolean isNew = Thread.currentThread() != handlerThread;
    return isNew || mayFind(request) ? super.tryFetchAndLock(request) : FetchAndLockResult.successful(List.of());
  }

  private boolean mayFind(FetchAndLockRequest request) {
    try {
      if (topics == null) {
        topics = Set.copyOf(getProcessEngine(request).getExternalTaskService().getTopicNames(false, true, true));
      }
    } catch (RuntimeException e) {
      // the request itself meets with it, and tells whoever asked
      return true;
    }
    return request.getDto().getTopics().stream().anyMatch(topic -> topics.contains(topic.getTopicName()));
  }
}
