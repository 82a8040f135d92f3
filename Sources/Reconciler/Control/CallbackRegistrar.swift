import Logging

/// Sees to it, before anything is asked for, that the carrier sends the profile callbacks to this process.
struct CallbackRegistrar: Sendable {
    let registry: CallbackRegistry
    let mode: RegistrationMode
    let credentials: CallbackCredentials
    let logger: Logger

    /// - Throws: `RegistrationProblem`, `RegistrationLost`, `CarrierError`, `StateStoreError`, `RunStopped`,
    ///   `AccountBusy`, `CancellationError`
    func check(_ accounts: Set<AccountName>, url: String) async throws {
        guard mode != .never else { return }
        let ours = CallbackURL(url)
        for account in accounts.sorted() {
            switch (try await registry.profileService(of: account), mode) {
            case (let registered?, _) where registered.address == ours:
                try await checkCredentials(of: registered, account, url: url)
            case (nil, .auto):
                logger.info("Registering for callbacks", metadata: ["account": "\(account)", "url": "\(ours)"])
                try await register(url, for: account)
            case (let other, _):
                throw RegistrationProblem(account: account, registered: other?.url, ours: ours.description)
            }
        }
    }

    /// The URL is ours: what calls bear that was registered before is accepted for a while, and what is to be registered
    /// now replaces nobody else's.
    private func checkCredentials(
        of registered: CallbackRegistration, _ account: AccountName, url: String
    ) async throws {
        switch registered.bears(credentials) {
        case true?: return credentials.wereRegistered(for: account)
        case nil where mode != .auto || !credentials.awaitRegistration(for: account): return
        case false?, nil: break
        }
        if let former = registered.credentials { credentials.accept(former: former) }
        guard mode == .auto else {
            throw RegistrationProblem(
                account: account, registered: registered.url, ours: registered.url, hasOtherCredentials: true)
        }
        logger.notice(
            "The callback user name or password has changed; registering anew",
            metadata: ["account": "\(account)", "url": "\(registered.url)"])
        try await registry.deregister(account, registered)
        do {
            try await register(url, for: account)
        } catch {
            throw RegistrationLost(account: account, registered: registered.url, error: error)
        }
        credentials.wereRegistered(for: account)
    }

    private func register(_ url: String, for account: AccountName) async throws {
        do {
            try await registry.register(account, url: url, credentials: credentials)
        } catch CarrierError.refused(let refusal) where refusal.classification == .alreadyDone {
            // Another process has registered meanwhile; it may have been one that shares the listener with this one.
            let registered = try await registry.profileService(of: account)
            guard registered?.address == CallbackURL(url) else {
                throw RegistrationProblem(
                    account: account, registered: registered?.url, ours: CallbackURL(url).description)
            }
        }
    }
}

/// The carrier calls somebody else, or nobody.
public struct RegistrationProblem: Error, Hashable, Sendable, CustomStringConvertible {
    public let account: AccountName
    /// The URL that is registered, `nil` for none.
    public let registered: String?
    public let ours: String
    /// Whether it is ours, and its calls bear another user name or password than those that we have.
    var hasOtherCredentials = false

    public var description: String {
        if hasOtherCredentials {
            return
                "The carrier sends the profile callbacks of account \(account) to \(ours) with another user name or password "
                + "than PROFILECTL_CALLBACK_USERNAME and PROFILECTL_CALLBACK_PASSWORD. Run `profilectl callbacks register`, "
                + "or use `callbacks.register: auto`, to have them registered; those before are accepted for a while."
        }
        let now =
            registered.map {
                "The carrier sends the profile callbacks of account \(account) to \($0.excerpt(limit: 300)), not to \(ours)."
            }
            ?? "The carrier sends the profile callbacks of account \(account) nowhere."
        return now
            + (registered == nil
                ? " Use `callbacks.register: auto` (or --register auto) to have \(ours) registered."
                : " One endpoint can be registered for each account, and another system's is never replaced: "
                    + "deregister it there first, or set callbacks.url to what is registered.")
    }
}
