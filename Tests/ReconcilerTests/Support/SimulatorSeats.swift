import Synchronization
import Testing

/// Lets a few simulators, or tests with processes of their own, run at a time.
///
/// All tests start at once, and what they await has its time limits: with all simulators at work together, and a machine
/// that has other things to do, each gets so little of it that answers come too late. One after the other they take no
/// longer in sum.
enum SimulatorSeats {
    private struct Waiting {
        var free = 6
        var line: [CheckedContinuation<Void, Never>] = []
    }

    private static let waiting = Mutex(Waiting())
    /// Whether a test has a seat already.
    @TaskLocal private static var isSeated = false

    static func take<Result: Sendable>(_ work: () async throws -> Result) async throws -> Result {
        if isSeated { return try await work() }
        await withCheckedContinuation { continuation in
            let isFree = waiting.withLock { waiting in
                guard waiting.free > 0 else {
                    waiting.line.append(continuation)
                    return false
                }
                waiting.free -= 1
                return true
            }
            if isFree { continuation.resume() }
        }
        defer { leave() }
        return try await $isSeated.withValue(true) { try await work() }
    }

    /// The seat goes to who has waited longest.
    private static func leave() {
        let next = waiting.withLock { waiting -> CheckedContinuation<Void, Never>? in
            guard !waiting.line.isEmpty else {
                waiting.free += 1
                return nil
            }
            return waiting.line.removeFirst()
        }
        next?.resume()
    }
}

/// Has each test of a suite take a seat: those that start processes, which have their time limits too.
struct SeatedTrait: TestTrait, SuiteTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await function() }
        try await SimulatorSeats.take { try await function() }
    }
}

extension Trait where Self == SeatedTrait {
    static var seated: Self { SeatedTrait() }
}
