import Logging

/// Sees to it, before anything is asked for, that the carrier sends the profile callbacks to this process.
struct CallbackRegistrar: Sendable {
    let registry: CallbackRegistry
    let mode: RegistrationMode
    let credentials: CallbackCredentials
    let logger: Logger

    /// - Throws: `RegistrationProblem`, `CarrierError`, `StateStoreError`, `RunStopped`, `CancellationError`
    func check(_ accounts: Set<AccountName>, url: String) async throws {
        guard mode != .never else { return }
        for account in accounts.sorted() {
            switch (try await registry.profileService(of: account)?.url, mode) {
            case (url?, _):
                continue
            case (nil, .auto):
                logger.info("Registering for callbacks", metadata: ["account": "\(account)", "url": "\(url)"])
                try await register(url, for: account)
            case (let other, _):
                throw RegistrationProblem(account: account, registered: other, ours: url)
            }
        }
    }

    private func register(_ url: String, for account: AccountName) async throws {
        do {
            try await registry.register(account, url: url, credentials: credentials)
        } catch CarrierError.refused(let refusal) where refusal.classification == .alreadyDone {
            // Another process has registered meanwhile; it may have been one that shares the listener with this one.
            let registered = try await registry.profileService(of: account)?.url
            guard registered == url else {
                throw RegistrationProblem(account: account, registered: registered, ours: url)
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

    public var description: String {
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
