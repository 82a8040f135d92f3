import Synchronization

/// Tells all who wait that the state has changed. It says nothing of what: they look at the state again.
public final class Wakeup: Sendable {
    /// How many changes there have been.
    public typealias Count = Int

    private struct Waiters {
        var count: Count = 0
        var nextNumber = 0
        var continuations: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    private let waiters = Mutex(Waiters())

    public init() {}

    /// To be read before the state is looked at, so that no change in between is missed.
    public var count: Count { waiters.withLock { $0.count } }

    public func notify() {
        let woken = waiters.withLock { waiters in
            waiters.count += 1
            defer { waiters.continuations = [:] }
            return waiters.continuations.values.map { $0 }
        }
        for continuation in woken {
            continuation.resume()
        }
    }

    /// Waits for a change after the `seen`th; returns at once if there has been one, and when the task is cancelled.
    public func change(after seen: Count) async {
        let number = waiters.withLock { waiters in
            waiters.nextNumber += 1
            return waiters.nextNumber
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = waiters.withLock { waiters in
                    if waiters.count > seen || Task.isCancelled { return true }
                    waiters.continuations[number] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            waiters.withLock { $0.continuations.removeValue(forKey: number) }?.resume()
        }
    }

    /// Does something after each change from now on, until the task is cancelled; changes that come meanwhile count as
    /// one.
    package func eachChange(_ work: @Sendable () async throws -> Void) async throws {
        var seen = count
        while true {
            await change(after: seen)
            try Task.checkCancellation()
            seen = count
            try await work()
        }
    }
}
