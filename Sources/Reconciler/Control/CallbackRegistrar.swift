import Logging

/// Sees to it, before anything is asked for, that the carrier sends the profile callbacks to this process.
struct CallbackRegistrar: Sendable {
    let carrier: any Carrier
    let clock: any WallClock
    let mode: RegistrationMode
    let credentials: CallbackCredentials
    let logger: Logger

    /// A carrier that is busy is asked so many times.
    private static let tries = 5

    /// - Throws: `RegistrationProblem`, `CarrierError`, `CancellationError`
    func check(_ accounts: Set<AccountName>, url: String) async throws {
        guard mode != .never else { return }
        for account in accounts.sorted() {
            let registered = try await patiently { try await carrier.callbackRegistrations(of: account) }.first {
                $0.isProfileService
            }
            switch (registered?.url, mode) {
            case (url?, _):
                continue
            case (nil, .auto):
                logger.info("Registering for callbacks", metadata: ["account": "\(account)", "url": "\(url)"])
                try await patiently {
                    try await carrier.registerCallback(url: url, credentials: credentials, for: account)
                }
            case (let other, _):
                throw RegistrationProblem(account: account, registered: other, ours: url)
            }
        }
    }

    /// Makes a call that may be repeated, again and again while the carrier says that it is busy.
    private func patiently<Answer: Sendable>(_ call: () async throws -> Answer) async throws -> Answer {
        for _ in 1..<Self.tries {
            do {
                return try await call()
            } catch CarrierError.refused(let refusal) {
                switch refusal.classification {
                case .throttled(let retryAfter), .temporarilyUnavailable(let retryAfter):
                    try await clock.sleep(until: clock.now() + (retryAfter ?? .seconds(2)))
                default:
                    throw CarrierError.refused(refusal)
                }
            }
        }
        return try await call()
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
            registered.map { "The carrier sends the profile callbacks of account \(account) to \($0), not to \(ours)." }
            ?? "The carrier sends the profile callbacks of account \(account) nowhere."
        return now
            + (registered == nil
                ? " Use `callbacks.register: auto` (or --register auto) to have \(ours) registered."
                : " One endpoint can be registered for each account, and another system's is never replaced: "
                    + "deregister it there first, or set callbacks.url to what is registered.")
    }
}
