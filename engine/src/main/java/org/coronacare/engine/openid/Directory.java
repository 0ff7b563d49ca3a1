package org.coronacare.engine.openid;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.camunda.bpm.engine.impl.context.Context;
import org.springframework.security.core.GrantedAuthority;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.stereotype.Component;

/**
 * The accounts that the engine knows: who calls at this moment, with the groups of the token; and people who have signed in before, for
 * the roles in the access log. Their names are in memory only.
 */
@Component
@ByOpenIdConnect
final class Directory {

  private static final int MAX_ENTRIES = 10_000;

  /** A person or service account. */
  record Account(String id, String givenName, String familyName, List<String> groups) {}

  private final SignInSettings settings;
  private final Map<String, Account> people =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Account> eldest) {
          return size() > MAX_ENTRIES;
        }
      };

  Directory(SignInSettings settings) {
    this.settings = settings;
  }

  /** Adds a person who has signed in, or replaces the groups. */
  synchronized void add(Person person) {
    people.put(person.getName(), toAccount(person));
  }

  /** Adds a person who calls with an access token; returns whether the person wasn't known, or with other groups. */
  synchronized boolean add(Account person) {
    var known = people.get(person.id);
    if (known != null && known.groups.equals(person.groups)) {
      return false;
    }
    people.put(person.id, person);
    return true;
  }

  /** Returns the caller; null outside of a request. */
  static Account current() {
    var caller = SecurityContextHolder.getContext().getAuthentication();
    if (caller == null || !caller.isAuthenticated()) {
      return null;
    }
    return caller.getPrincipal() instanceof Person person
        ? toAccount(person)
        : new Account(caller.getName(), null, null, caller.getAuthorities().stream().map(GrantedAuthority::getAuthority).toList());
  }

  /** Returns the account; null if no one with this id has signed in. */
  Account find(String id) {
    var current = current();
    if (current != null && current.id.equals(id)) {
      return current;
    }
    if (id.equals(EmergencyAccount.ID)) {
      return settings.emergencyPassword().isEmpty() ? null : new Account(id, null, null, List.of(SignInSettings.ADMINISTRATORS));
    }
    synchronized (this) {
      if (people.containsKey(id)) {
        return people.get(id);
      }
    }
    return SignInLog.findGroups(Context.getCommandContext(), id).map(groups -> new Account(id, null, null, groups)).orElse(null);
  }

  /** Returns the caller, and the people in memory. */
  synchronized List<Account> list() {
    var accounts = new LinkedHashMap<>(people);
    var current = current();
    if (current != null) {
      accounts.put(current.id, current);
    }
    return List.copyOf(accounts.values());
  }

  /** Returns the groups that people may be in. */
  List<String> groups() {
    return settings.groups().keySet().stream().sorted().toList();
  }

  private static Account toAccount(Person person) {
    return new Account(person.getName(), person.getGivenName(), person.getFamilyName(), person.groups());
  }
}
