package org.coronacare.engine.privacy;

import org.camunda.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.cmd.DefaultJobRetryCmd;
import org.camunda.bpm.engine.impl.history.event.HistoryEvent;
import org.camunda.bpm.engine.impl.history.producer.CacheAwareHistoryEventProducer;
import org.camunda.bpm.engine.impl.persistence.entity.JobEntity;
import org.camunda.bpm.engine.runtime.Job;
import org.springframework.stereotype.Component;

/** Keeps patients' data out of the job log and the incident of a failed job. */
@Component
public class JobFailures extends AbstractProcessEnginePlugin {

  @Override
  public void preInit(ProcessEngineConfigurationImpl configuration) {
    configuration.setFailedJobCommandFactory(Failure::new);
    configuration.setHistoryEventProducer(new History());
  }

  private static final class History extends CacheAwareHistoryEventProducer {

    @Override
    public HistoryEvent createHistoricJobLogFailedEvt(Job job, Throwable exception) {
      var redacted = new RuntimeException(RedactedMessages.nameOf(exception));
      redacted.setStackTrace(exception == null ? new StackTraceElement[0] : exception.getStackTrace());
      return super.createHistoricJobLogFailedEvt(job, redacted);
    }
  }

  private static final class Failure extends DefaultJobRetryCmd {

    Failure(String job, Throwable exception) {
      super(job, exception);
    }

    @Override
    protected void logException(JobEntity job) {
      if (exception != null) {
        job.setExceptionMessage(RedactedMessages.nameOf(exception));
        job.setExceptionStacktrace(RedactedMessages.traceOf(exception));
      }
    }
  }
}
