package org.coronacare.engine.security;

import java.util.List;
import java.util.Map;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * The accounts of the platform's own parts, and the REST calls that each may make.
 *
 * @param serviceAccounts by account, lines like "POST /task/*&#47;submit-form"
 */
@ConfigurationProperties("coronacare")
public record ServiceAccounts(Map<String, List<String>> serviceAccounts) {}
