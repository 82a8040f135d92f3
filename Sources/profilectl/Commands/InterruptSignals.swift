import Foundation
import Reconciler
import UnixSignals

/// Ctrl-C and SIGTERM: the first asks the run to end, the second ends the process at once.
enum InterruptSignals {
    /// Does `work`, and throws the switch when a signal comes.
    static func stopping<Result: Sendable>(
        _ stop: StopSwitch, _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await watching(
            {
                printError("Stopping: what is under way is written down. Once more ends at once.")
                stop.stop()
            }, work)
    }

    /// Does `work`, which is told by the stream when a signal has come.
    static func ending(_ work: @escaping @Sendable (AsyncStream<Void>) async throws -> Void) async throws {
        let (stop, continuation) = AsyncStream.makeStream(of: Void.self)
        try await watching({ continuation.finish() }) { try await work(stop) }
    }

    /// Does `work`, which is to end in order when `stop` is told of a signal, and to read again what may have changed
    /// when `reload` is (SIGHUP).
    ///
    /// - Parameter limit: how long the end may take. What is not over by then ends with the process: a later one goes
    ///   on from there, as after a crash.
    static func draining(
        _ stop: Wakeup, reload: Wakeup, within limit: Duration, _ work: @escaping @Sendable () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await watching({ stop.notify() }, work)
                return true
            }
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sighup) { reload.notify() }
                return false
            }
            group.addTask {
                await stop.change(after: 0)
                try await Task.sleep(for: limit)
                printError("It did not end within \(limit), and is cut off. A later start goes on from there.", .error)
                StandardError.drain(within: .milliseconds(500))
                _exit(1)
            }
            defer { group.cancelAll() }
            while let isOver = try await group.next(), !isOver {}
        }
    }

    private static func watching<Result: Sendable>(
        _ onFirst: @escaping @Sendable () -> Void, _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                var count = 0
                for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) {
                    count += 1
                    if count > 1 {
                        StandardError.drain(within: .milliseconds(200))
                        _exit(130)
                    }
                    onFirst()
                }
                return nil
            }
            defer {
                group.cancelAll()
                // What follows, such as printing to a pipe that nobody reads, is ended by a signal as ever.
                signal(SIGINT, SIG_DFL)
                signal(SIGTERM, SIG_DFL)
            }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
    }
}
