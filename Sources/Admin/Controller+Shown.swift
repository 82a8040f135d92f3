import Reconciler

extension Controller {
    /// Keeps the fleet as it is declared, and lets people and monitors look for as long as that takes.
    ///
    /// - Parameters:
    ///   - stop: ends both after its first change, the looking last.
    ///   - admin: where they may look; `nil` for nowhere.
    ///   - onListening: told in a sentence where there is what, once it can be reached.
    /// - Throws: what `run` of the two throws.
    public func run(
        until stop: Wakeup, reload: Wakeup, shownBy admin: AdminServer?,
        onListening: @escaping @Sendable (String) -> Void
    ) async throws {
        let onCallbackListening: @Sendable (String) -> Void = { onListening("Callbacks are taken at \($0)") }
        guard let admin else { return try await run(until: stop, reload: reload, onListening: onCallbackListening) }
        let over = Wakeup()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { stop.notify() }
                do {
                    try await admin.run(until: over, reload: reload) { onListening("Look at \(admin.url(port: $0))") }
                } catch let error where error is CancellationError || error is SettingsError {
                    throw error
                } catch {
                    throw AdminFailed(address: admin.address, error: error)
                }
            }
            group.addTask {
                defer { over.notify() }
                try await run(until: stop, reload: reload, onListening: onCallbackListening)
            }
            // If one fails, the other one is ended in order.
            var failure: (any Error)?
            while let result = await group.nextResult() {
                if case .failure(let error) = result { failure = failure ?? error }
            }
            if let failure { throw failure }
        }
    }
}

/// Nobody can look.
public struct AdminFailed: Error, CustomStringConvertible {
    let address: String
    let error: any Error

    public var description: String {
        "The admin endpoint cannot be opened: "
            + ListenFault.explain(error, address: address, setting: "admin.listen or --admin (`off` for none)")
    }
}
