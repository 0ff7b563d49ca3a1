package org.coronacare.engine.openid;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.camunda.bpm.engine.authorization.Permissions;
import org.camunda.bpm.engine.authorization.Resource;
import org.camunda.bpm.engine.authorization.Resources;
import org.camunda.bpm.engine.identity.Group;
import org.camunda.bpm.engine.identity.GroupQuery;
import org.camunda.bpm.engine.identity.NativeUserQuery;
import org.camunda.bpm.engine.identity.Tenant;
import org.camunda.bpm.engine.identity.TenantQuery;
import org.camunda.bpm.engine.identity.User;
import org.camunda.bpm.engine.identity.UserQuery;
import org.camunda.bpm.engine.impl.GroupQueryImpl;
import org.camunda.bpm.engine.impl.Page;
import org.camunda.bpm.engine.impl.TenantQueryImpl;
import org.camunda.bpm.engine.impl.UserQueryImpl;
import org.camunda.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.camunda.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.camunda.bpm.engine.impl.context.Context;
import org.camunda.bpm.engine.impl.identity.IdentityProviderException;
import org.camunda.bpm.engine.impl.identity.ReadOnlyIdentityProvider;
import org.camunda.bpm.engine.impl.interceptor.CommandContext;
import org.camunda.bpm.engine.impl.interceptor.CommandExecutor;
import org.camunda.bpm.engine.impl.interceptor.Session;
import org.camunda.bpm.engine.impl.interceptor.SessionFactory;
import org.camunda.bpm.engine.impl.persistence.entity.GroupEntity;
import org.camunda.bpm.engine.impl.persistence.entity.UserEntity;
import org.springframework.stereotype.Component;

/** Camunda's identity provider: read-only, without passwords, from the {@link Directory}; the engine's database has no accounts. */
@Component
@ByOpenIdConnect
final class Identities extends AbstractProcessEnginePlugin {

  private final Directory directory;

  Identities(Directory directory) {
    this.directory = directory;
  }

  @Override
  public void preInit(ProcessEngineConfigurationImpl configuration) {
    configuration.setIdentityProviderSessionFactory(new Factory());
  }

  private final class Factory implements SessionFactory {

    @Override
    public Class<?> getSessionType() {
      return ReadOnly.class;
    }

    @Override
    public Session openSession() {
      return new ReadOnly(directory);
    }
  }

  private record ReadOnly(Directory directory) implements ReadOnlyIdentityProvider {

    @Override
    public User findUserById(String id) {
      return createUserQuery().userId(id).singleResult();
    }

    @Override
    public UserQuery createUserQuery() {
      return new Users(directory, Context.getProcessEngineConfiguration().getCommandExecutorTxRequired());
    }

    @Override
    public UserQuery createUserQuery(CommandContext context) {
      return new Users(directory, null);
    }

    @Override
    public NativeUserQuery createNativeUserQuery() {
      throw new IdentityProviderException("There are no accounts in the engine's database.");
    }

    @Override
    public boolean checkPassword(String id, String password) {
      return false;
    }

    @Override
    public Group findGroupById(String id) {
      return createGroupQuery().groupId(id).singleResult();
    }

    @Override
    public GroupQuery createGroupQuery() {
      return new Groups(directory, Context.getProcessEngineConfiguration().getCommandExecutorTxRequired());
    }

    @Override
    public GroupQuery createGroupQuery(CommandContext context) {
      return new Groups(directory, null);
    }

    @Override
    public Tenant findTenantById(String id) {
      return null;
    }

    @Override
    public TenantQuery createTenantQuery() {
      return new Tenants(Context.getProcessEngineConfiguration().getCommandExecutorTxRequired());
    }

    @Override
    public TenantQuery createTenantQuery(CommandContext context) {
      return new Tenants(null);
    }

    @Override
    public void flush() {
      // nothing is written
    }

    @Override
    public void close() {
      // nothing is open
    }
  }

  private static final class Users extends UserQueryImpl {

    private static final long serialVersionUID = 1L;

    private final transient Directory directory;

    Users(Directory directory, CommandExecutor executor) {
      super(executor);
      this.directory = directory;
    }

    @Override
    public long executeCount(CommandContext context) {
      return find().count();
    }

    @Override
    public List<User> executeList(CommandContext context, Page page) {
      return page(find().map(Users::toUser), page);
    }

    private Stream<Directory.Account> find() {
      if (tenantId != null || email != null || emailLike != null) {
        return Stream.empty();
      }
      return candidates()
          .filter(each -> ids == null || Arrays.asList(ids).contains(each.id()))
          .filter(each -> groupId == null || each.groups().contains(groupId))
          .filter(each -> matches(firstName, firstNameLike, each.givenName()))
          .filter(each -> matches(lastName, lastNameLike, each.familyName()))
          .filter(each -> mayRead(Resources.USER, each.id(), each));
    }

    private Stream<Directory.Account> candidates() {
      return id == null ? directory.list().stream() : Stream.ofNullable(directory.find(id));
    }

    private static User toUser(Directory.Account account) {
      var user = new UserEntity(account.id());
      user.setFirstName(account.givenName());
      user.setLastName(account.familyName());
      return user;
    }
  }

  private static final class Groups extends GroupQueryImpl {

    private static final long serialVersionUID = 1L;

    private final transient Directory directory;

    Groups(Directory directory, CommandExecutor executor) {
      super(executor);
      this.directory = directory;
    }

    @Override
    public long executeCount(CommandContext context) {
      return find().count();
    }

    @Override
    public List<Group> executeList(CommandContext context, Page page) {
      return page(find().map(Groups::toGroup), page);
    }

    private Stream<String> find() {
      if (tenantId != null || (type != null && !type.equals("WORKFLOW"))) {
        return Stream.empty();
      }
      var member = userId == null ? null : directory.find(userId);
      var groups = userId == null ? directory.groups() : member == null ? List.<String>of() : member.groups();
      Predicate<String> isOwn = group -> Directory.current() != null && Directory.current().groups().contains(group);
      return groups.stream()
          .filter(each -> id == null || id.equals(each))
          .filter(each -> ids == null || Arrays.asList(ids).contains(each))
          .filter(each -> matches(name, nameLike, each))
          .filter(each -> isOwn.test(each) || mayRead(Resources.GROUP, each, member));
    }

    private static Group toGroup(String id) {
      var group = new GroupEntity(id);
      group.setName(id);
      group.setType("WORKFLOW");
      return group;
    }
  }

  private static final class Tenants extends TenantQueryImpl {

    private static final long serialVersionUID = 1L;

    Tenants(CommandExecutor executor) {
      super(executor);
    }

    @Override
    public long executeCount(CommandContext context) {
      return 0;
    }

    @Override
    public List<Tenant> executeList(CommandContext context, Page page) {
      return List.of();
    }
  }

  /** Whether the caller may read a resource: what concerns their own account, and what they have the permission for. */
  private static boolean mayRead(Resource resource, String id, Directory.Account owner) {
    var context = Context.getCommandContext();
    return (owner != null && owner.id().equals(context.getAuthenticatedUserId()))
        || context.getAuthorizationManager().isAuthorized(Permissions.READ, resource, id);
  }

  private static boolean matches(String wanted, String pattern, String value) {
    var text = Objects.requireNonNullElse(value, "").toLowerCase();
    return (wanted == null || wanted.equals(value)) && (pattern == null || text.contains(pattern.replace("%", "").toLowerCase()));
  }

  private static <T> List<T> page(Stream<T> rows, Page page) {
    return (page == null ? rows : rows.skip(page.getFirstResult()).limit(page.getMaxResults())).toList();
  }
}
