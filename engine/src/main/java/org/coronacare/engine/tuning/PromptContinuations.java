package org.coronacare.engine.tuning;

import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.camunda.bpm.engine.impl.ProcessEngineImpl;
import org.camunda.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.cfg.TransactionState;
import org.camunda.bpm.engine.impl.context.Context;
import org.camunda.bpm.engine.impl.interceptor.Session;
import org.camunda.bpm.engine.impl.interceptor.SessionFactory;
import org.camunda.bpm.engine.impl.jobexecutor.AsyncContinuationJobHandler;
import org.camunda.bpm.engine.impl.jobexecutor.ExecuteJobsRunnable;
import org.camunda.bpm.engine.impl.jobexecutor.JobExecutor;
import org.camunda.bpm.engine.impl.persistence.entity.JobEntity;
import org.camunda.bpm.engine.impl.persistence.entity.JobManager;
import org.camunda.bpm.engine.impl.util.ClockUtil;
import org.coronacare.engine.support.Lists;
import org.springframework.context.ApplicationListener;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.stereotype.Component;

/**
 * Executes an asynchronous continuation right after the transaction that created it, as Camunda does within a job.
 *
 * <p>After a request it leaves that to the acquisition: a query over all due jobs, and another transaction that locks the job. Here it is
 * inserted with the lock. What dies with its engine is acquired by another one when the lock has expired, as any acquired job.
 */
@Component
public class PromptContinuations extends AbstractProcessEnginePlugin implements ApplicationListener<ContextClosedEvent> {

  private static final int THREADS = 3;

  /** With more jobs than these the locks of the last might expire before their turn. */
  private static final int MAX_QUEUED = 50;

  private static final int SHUTDOWN_TIMEOUT_S = 5;

  private final ThreadPoolExecutor threads =
      new ThreadPoolExecutor(THREADS, THREADS, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>());

  @Override
  public void preInit(ProcessEngineConfigurationImpl configuration) {
    configuration.setCustomSessionFactories(Lists.append(configuration.getCustomSessionFactories(), new Factory()));
  }

  @Override
  public void onApplicationEvent(ContextClosedEvent event) {
    threads.getQueue().clear();
    threads.shutdown();
    try {
      threads.awaitTermination(SHUTDOWN_TIMEOUT_S, TimeUnit.SECONDS);
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
    }
  }

  /** Camunda's jobs of one acquisition, but without the acquisition of further ones at their end: they took no thread from it. */
  private static final class PromptJobs extends ExecuteJobsRunnable {

    PromptJobs(List<String> ids, ProcessEngineImpl engine) {
      super(ids, engine);
      jobExecutor = new NoAcquisition(jobExecutor);
    }
  }

  private static final class NoAcquisition extends JobExecutor {

    private final JobExecutor executor;

    NoAcquisition(JobExecutor executor) {
      this.executor = executor;
    }

    @Override
    public boolean isActive() {
      return executor.isActive();
    }

    @Override
    public void jobWasAdded() {
      // acquires nothing
    }

    @Override
    public void executeJobs(List<String> ids, ProcessEngineImpl engine) {
      throw new UnsupportedOperationException();
    }

    @Override
    protected void startExecutingJobs() {
      throw new UnsupportedOperationException();
    }

    @Override
    protected void stopExecutingJobs() {
      throw new UnsupportedOperationException();
    }
  }

  private final class Factory implements SessionFactory {

    @Override
    public Class<?> getSessionType() {
      return JobManager.class;
    }

    @Override
    public Session openSession() {
      return new Jobs();
    }
  }

  /** Of one command. */
  private final class Jobs extends JobManager {

    /** In one process instance, since exclusive jobs of an instance are executed one after another. */
    private final List<String> prompt = new ArrayList<>();

    private String instance;

    @Override
    protected void hintJobExecutor(JobEntity job) {
      if (!isPrompt(job)) {
        super.hintJobExecutor(job);
        return;
      }
      var engine = Context.getProcessEngineConfiguration().getProcessEngine();
      var executor = Context.getProcessEngineConfiguration().getJobExecutor();
      job.setLockOwner(executor.getLockOwner());
      job.setLockExpirationTime(new Date(ClockUtil.getCurrentTime().getTime() + executor.getLockTimeInMillis()));
      prompt.add(job.getId());
      if (prompt.size() == 1) {
        instance = job.getProcessInstanceId();
        getCommandContext()
            .getTransactionContext()
            .addTransactionListener(
                TransactionState.COMMITTED, context -> execute(new PromptJobs(List.copyOf(prompt), (ProcessEngineImpl) engine)));
      }
    }

    private boolean isPrompt(JobEntity job) {
      var executor = Context.getProcessEngineConfiguration().getJobExecutor();
      var current = Context.getJobExecutorContext();
      return AsyncContinuationJobHandler.TYPE.equals(job.getJobHandlerType())
          && executor.isActive()
          && !job.isSuspended()
          && isJobDue(job)
          && isJobPriorityInJobExecutorPriorityRange(job.getPriority())
          && (current == null || !areInSameProcessInstance(job, current.getCurrentJob()))
          && (instance == null || instance.equals(job.getProcessInstanceId()))
          && threads.getQueue().size() < MAX_QUEUED
          && !threads.isShutdown();
    }

    private void execute(Runnable jobs) {
      try {
        threads.execute(jobs);
      } catch (RejectedExecutionException error) {
        // this engine is being stopped: another one acquires them
      }
    }
  }
}
