/// The carrier's book of where it sends the callbacks of accounts. Each call waits for its turn, and is made again while
/// the carrier is busy.
///
/// Throws `CarrierError`, `AccountBusy`, `StateStoreError`, `RunStopped`, `CancellationError`.
struct CallbackRegistry: Sendable {
    let carrier: any Carrier
    let pacer: RequestPacer
    /// Ends the waiting for a carrier that is busy.
    var stop: StopSwitch?
    /// A turn that comes after it is not waited for.
    var deadline: Timestamp?
    /// Receives an account whose turn is waited for, and when it comes.
    var onWait: (@Sendable (AccountName, Timestamp) -> Void)?

    private func patience(for account: AccountName) -> RequestPacer.Patience {
        var patience = RequestPacer.Patience.untilServed
        patience.stop = stop
        patience.deadline = deadline
        if let onWait { patience.onWait = { onWait(account, $0) } }
        return patience
    }

    /// All services of an account.
    func registrations(of account: AccountName) async throws -> [CallbackRegistration] {
        try await pacer.patiently(account, patience(for: account)) {
            try await carrier.callbackRegistrations(of: account)
        }
    }

    /// The one that the profile callbacks are sent by; `nil` if there is none.
    func profileService(of account: AccountName) async throws -> CallbackRegistration? {
        try await registrations(of: account).first(where: \.isProfileService)
    }

    /// Registers for the profile callbacks; refused if somebody is registered.
    func register(_ account: AccountName, url: String, credentials: CallbackCredentials) async throws {
        try await pacer.patiently(account, patience(for: account)) {
            try await carrier.registerCallback(url: url, credentials: credentials, for: account)
        }
    }

    func deregister(_ account: AccountName, _ registered: CallbackRegistration) async throws {
        try await pacer.patiently(account, patience(for: account)) {
            try await carrier.deregisterCallback(service: registered.serviceName, of: account)
        }
    }
}
