package org.coronacare.engine.tuning;

import camundajar.impl.scala.collection.immutable.$colon$colon;
import camundajar.impl.scala.collection.immutable.List;
import camundajar.impl.scala.collection.immutable.Nil$;
import camundajar.impl.scala.util.Either;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.camunda.bpm.dmn.engine.impl.DefaultDmnEngineConfiguration;
import org.camunda.bpm.dmn.feel.impl.scala.ScalaFeelEngine;
import org.camunda.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.feel.FeelEngine;
import org.camunda.feel.FeelEngineClock;
import org.camunda.feel.api.EvaluationResult;
import org.camunda.feel.context.Context;
import org.camunda.feel.context.FunctionProvider;
import org.camunda.feel.impl.interpreter.BuiltinFunctions;
import org.camunda.feel.impl.interpreter.EvalContext;
import org.camunda.feel.syntaxtree.ParsedExpression;
import org.camunda.feel.valuemapper.ValueMapper.CompositeValueMapper;
import org.coronacare.engine.tasks.PatientCalendar;
import org.springframework.stereotype.Component;

/**
 * Camunda's FEEL engine with a cache of parsed expressions and of built-in functions. Camunda creates all of them again for each cell
 * of a decision table: a profiler showed half of a busy engine's CPU time there.
 */
@Component
public class CachedFeelEngine extends AbstractProcessEnginePlugin {

  private final PatientCalendar calendar;

  public CachedFeelEngine(PatientCalendar calendar) {
    this.calendar = calendar;
  }

  @Override
  public void preInit(ProcessEngineConfigurationImpl configuration) {
    var decisions = new DefaultDmnEngineConfiguration();
    // today() and now() in decisions use the patients' time zone
    FeelEngineClock clock = calendar::now;
    decisions.setFeelEngineFactory(() -> new Feel(clock));
    configuration.setDmnEngineConfiguration(decisions);
  }

  private static final class Feel extends ScalaFeelEngine {

    Feel(FeelEngineClock clock) {
      super(java.util.List.of());
      // the super constructor calls buildFeelEngine before a field could be set
      feelEngine = new Remembering(feelEngine.functionProvider(), (CompositeValueMapper) feelEngine.valueMapper(), clock);
    }
  }

  private static final class Remembering extends FeelEngine {

    /** Bounded: expressions come from deployed models, and an account that deploys could fill the memory. */
    private static final int MAX_ENTRIES = 10_000;

    private final Map<String, Either<FeelEngine.Failure, ParsedExpression>> expressions = new ConcurrentHashMap<>();
    private final Map<String, Either<FeelEngine.Failure, ParsedExpression>> tests = new ConcurrentHashMap<>();
    private final FunctionProvider functions;
    private final Method evaluation;

    Remembering(FunctionProvider custom, CompositeValueMapper values, FeelEngineClock clock) {
      super(custom, values, FeelEngine.defaultConfiguration(), clock);
      functions = new FunctionProvider.CompositeFunctionProvider(list(new BuiltinFunctions(clock, values), custom));
      try {
        evaluation = FeelEngine.class.getDeclaredMethod("eval", ParsedExpression.class, EvalContext.class);
      } catch (NoSuchMethodException e) {
        throw new IllegalStateException("another version of the FEEL engine: look at CachedFeelEngine", e);
      }
      evaluation.setAccessible(true);
    }

    @Override
    public Either<FeelEngine.Failure, ParsedExpression> parseExpression(String text) {
      return remembered(expressions, text, super::parseExpression);
    }

    @Override
    public Either<FeelEngine.Failure, ParsedExpression> parseUnaryTests(String text) {
      return remembered(tests, text, super::parseUnaryTests);
    }

    @Override
    public EvaluationResult evaluate(ParsedExpression expression, Context context) {
      try {
        EvalContext known = EvalContext.create(valueMapper(), functions).merge(context);
        return (EvaluationResult) evaluation.invoke(this, expression, known);
      } catch (InvocationTargetException e) {
        throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e.getCause());
      } catch (IllegalAccessException e) {
        throw new IllegalStateException(e);
      }
    }

    private static <T> T remembered(Map<String, T> known, String text, java.util.function.Function<String, T> parse) {
      if (known.size() > MAX_ENTRIES) {
        known.clear();
      }
      return known.computeIfAbsent(text, parse);
    }

    private static List<FunctionProvider> list(FunctionProvider first, FunctionProvider second) {
      @SuppressWarnings({"unchecked", "rawtypes"})
      List<FunctionProvider> nothing = (List) Nil$.MODULE$;
      return new $colon$colon<>(first, new $colon$colon<>(second, nothing));
    }
  }
}
