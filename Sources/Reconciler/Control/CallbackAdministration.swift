/// Looks at and changes where the carrier sends the profile callbacks of accounts. There is one endpoint for each
/// account: another system's is never replaced unless a person says so.
public struct CallbackAdministration: Sendable {
    private let registry: CallbackRegistry

    init(_ registry: CallbackRegistry) {
        self.registry = registry
    }

    /// All services of an account that are registered over REST; those registered over SOAP are not shown by the
    /// carrier.
    /// - Throws: `CarrierError`, `StateStoreError`
    public func list(_ account: AccountName) async throws -> [CallbackRegistration] {
        try await registry.registrations(of: account).sorted { $0.serviceName < $1.serviceName }
    }

    public enum Registered: Hashable, Sendable {
        case alreadyOurs
        case registered
        /// With another user name or password than before, or than is known.
        case renewed
        /// Instead of the one at this URL.
        case replaced(String)
    }

    /// Has the carrier call `url` with the profile callbacks of an account.
    ///
    /// - Parameter replaces: whether another endpoint makes way.
    /// - Throws: `CarrierError`, `StateStoreError`, `RegistrationTaken`, `RegistrationLost` if the old one was ended and
    ///   the new one was not taken.
    public func register(
        _ account: AccountName, url: String, credentials: CallbackCredentials, replaces: Bool
    ) async throws -> Registered {
        func register() async throws {
            try await registry.register(account, url: url, credentials: credentials)
        }
        guard let registered = try await registry.profileService(of: account) else {
            try await register()
            return .registered
        }
        let isOurs = registered.address == CallbackURL(url)
        if isOurs, registered.bears(credentials) == true, !replaces { return .alreadyOurs }
        guard replaces || isOurs else {
            throw RegistrationTaken(account: account, registered: registered.url)
        }
        // The carrier takes no second one beside it.
        try await registry.deregister(account, registered)
        do {
            try await register()
        } catch {
            throw RegistrationLost(account: account, registered: registered.url, error: error)
        }
        return isOurs ? .renewed : .replaced(registered.url)
    }

    /// Ends the registration of an account's profile callbacks.
    ///
    /// - Parameter url: the one that is to be registered; `nil` for whichever there is.
    /// - Returns: the URL that was called until now, `nil` if there was none.
    /// - Throws: `CarrierError`, `StateStoreError`, `RegistrationTaken` if another URL is registered.
    public func deregister(_ account: AccountName, url: String?) async throws -> String? {
        guard let registered = try await registry.profileService(of: account) else { return nil }
        guard url.map({ CallbackURL($0) == registered.address }) ?? true else {
            throw RegistrationTaken(account: account, registered: registered.url)
        }
        try await registry.deregister(account, registered)
        return registered.url
    }
}

/// Another system's endpoint is registered.
public struct RegistrationTaken: Error, Hashable, Sendable, CustomStringConvertible {
    public let account: AccountName
    public let registered: String

    public var description: String {
        "The carrier sends the profile callbacks of account \(account) to \(registered.excerpt(limit: 300)), which may be "
            + "another system. Nothing was changed; --replace has it make way."
    }
}

/// The old endpoint is registered no more, and the new one is not.
public struct RegistrationLost: Error, Sendable, CustomStringConvertible {
    let account: AccountName
    let registered: String
    let error: any Error

    public var description: String {
        "The profile callbacks of account \(account) go nowhere now: \(registered.excerpt(limit: 300)) was "
            + "deregistered, and the new URL was not taken: \(error) Run `profilectl callbacks register` again as soon as "
            + "you can; messages that cannot be delivered come again three times within 15 minutes."
    }
}
