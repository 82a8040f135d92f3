/// Waits for the state to become what is wanted: looks again whenever told of a change, and now and then anyway,
/// since another process may have changed it.
struct StateWaiter: Sendable {
    let clock: any WallClock
    let wakeup: Wakeup
    let pollInterval: Duration

    /// Waits until `look` gives a value.
    /// - Returns: the value, or `nil` once `deadline` has passed.
    /// - Throws: what `look` throws, and `CancellationError`.
    func wait<Value: Sendable>(
        until deadline: Timestamp, _ look: @escaping @Sendable () async throws -> Value?
    ) async throws -> Value? {
        while true {
            let seen = wakeup.count
            if let value = try await look() { return value }
            let now = clock.now()
            guard now < deadline else { return nil }
            try await change(after: seen, until: min(deadline, now + pollInterval))
        }
    }

    /// Waits until `time`, or until the switch is thrown.
    /// - Throws: `CancellationError`
    func wait(until time: Timestamp, unless stop: StopSwitch) async throws {
        while true {
            let seen = wakeup.count
            guard !stop.isStopped, clock.now() < time else { return }
            try await change(after: seen, until: time)
        }
    }

    /// Waits for a change after the `seen`th, at the longest until `time`.
    /// - Throws: `CancellationError`
    func change(after seen: Wakeup.Count, until time: Timestamp) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await wakeup.change(after: seen) }
            group.addTask { try await clock.sleep(until: time) }
            defer { group.cancelAll() }
            try await group.next()
        }
        try Task.checkCancellation()
    }
}
