import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.UnknownCodeSystemWarningValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;

/**
 * Validates files with FHIR R4 resources, offline; prints each error as file, tab, place, tab, message.
 *
 * <p>Codes of systems that aren't part of FHIR, such as LOINC and SNOMED CT, are warnings, and so are profiles that
 * aren't.
 */
public final class Validate {

  public static void main(String[] files) throws IOException {
    FhirValidator validator = createValidator();
    for (String file : files) {
      validator.validateWithResult(Files.readString(Path.of(file))).getMessages().stream()
          .filter(message -> message.getSeverity().ordinal() >= ResultSeverityEnum.ERROR.ordinal())
          .map(message -> String.join("\t", file, String.valueOf(message.getLocationString()), message.getMessage()))
          .forEach(System.out::println);
    }
  }

  private static FhirValidator createValidator() {
    FhirContext context = FhirContext.forR4();
    FhirInstanceValidator module = new FhirInstanceValidator(new ValidationSupportChain(
        new DefaultProfileValidationSupport(context),
        new CommonCodeSystemsTerminologyService(context),
        new InMemoryTerminologyServerValidationSupport(context),
        new UnknownCodeSystemWarningValidationSupport(context)));
    module.setErrorForUnknownProfiles(false);
    return context.newValidator().registerValidatorModule(module);
  }
}
