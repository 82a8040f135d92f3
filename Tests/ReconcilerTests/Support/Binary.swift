import Foundation
import Synchronization

/// The real binary, run as a process.
final class Binary: Sendable {
    struct Result: Sendable {
        let exitCode: Int32
        let output: String
        let errors: String
    }

    /// What a process has written so far; whoever waits for a text is woken when it is there.
    private final class Collected: Sendable {
        private struct State {
            var data = Data()
            var isOver = false
            var waiters: [(text: String, continuation: CheckedContinuation<String?, Never>)] = []
        }

        private let state = Mutex(State())

        func add(_ data: Data) {
            let woken = state.withLock { state -> [(CheckedContinuation<String?, Never>, String?)] in
                if data.isEmpty { state.isOver = true } else { state.data.append(data) }
                let text = String(decoding: state.data, as: UTF8.self)
                var woken: [(CheckedContinuation<String?, Never>, String?)] = []
                state.waiters.removeAll { waiter in
                    let isThere = text.contains(waiter.text)
                    if isThere || state.isOver { woken.append((waiter.continuation, isThere ? text : nil)) }
                    return isThere || state.isOver
                }
                return woken
            }
            for (continuation, text) in woken { continuation.resume(returning: text) }
        }

        func wait(for text: String) async -> String? {
            await withCheckedContinuation { continuation in
                let now = state.withLock { state -> String?? in
                    let all = String(decoding: state.data, as: UTF8.self)
                    if all.contains(text) { return .some(all) }
                    if state.isOver { return .some(nil) }
                    state.waiters.append((text, continuation))
                    return nil
                }
                if let now { continuation.resume(returning: now) }
            }
        }

        var text: String { state.withLock { String(decoding: $0.data, as: UTF8.self) } }
    }

    // Process is not Sendable; it is started in the initialiser and only signalled and awaited after that.
    nonisolated(unsafe) private let process = Process()
    private let output = Collected()
    private let errors = Collected()
    private let ended: AsyncStream<Int32>

    static let path = Bundle.main.executableURL?.deletingLastPathComponent().path ?? ".build/debug"

    init(_ arguments: [String], in folder: String, environment: [String: String] = [:], input: Data? = nil) throws {
        process.executableURL = URL(fileURLWithPath: Self.executable)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        var all = ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("PROFILECTL_") && !$0.key.hasPrefix("THINGSPACE_")
        }
        all.merge(environment) { $1 }
        process.environment = all
        let (ended, continuation) = AsyncStream.makeStream(of: Int32.self)
        self.ended = ended
        process.terminationHandler = { process in
            let isKilled = process.terminationReason == .uncaughtSignal
            continuation.yield(isKilled ? -process.terminationStatus : process.terminationStatus)
            continuation.finish()
        }
        for (pipe, collected) in [(Pipe(), output), (Pipe(), errors)] {
            pipe.fileHandleForReading.readabilityHandler = { handle in
                let data = handle.availableData
                collected.add(data)
                if data.isEmpty { handle.readabilityHandler = nil }
            }
            if collected === output { process.standardOutput = pipe } else { process.standardError = pipe }
        }
        let stdin = Pipe()
        process.standardInput = stdin
        try process.run()
        if let input { stdin.fileHandleForWriting.write(input) }
        try stdin.fileHandleForWriting.close()
    }

    /// `swift test` puts the binary beside the test bundle, and runs a helper from elsewhere.
    private static let executable: String = {
        let candidates =
            [path]
            + CommandLine.arguments.filter { $0.hasSuffix(".xctest") }.map {
                ($0 as NSString).deletingLastPathComponent
            } + [Repository.path + "/.build/debug"]
        return candidates.map { $0 + "/profilectl" }.first { FileManager.default.isExecutableFile(atPath: $0) }
            ?? "profilectl"
    }()

    /// Waits until the process has printed the text to stdout; `nil` if it ends without.
    func printed(_ text: String) async -> String? { await output.wait(for: text) }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Waits for the end. A process that was killed has the negative number of the signal as its exit code.
    func result() async -> Result {
        let code = await ended.first { _ in true } ?? -1
        // The pipes end with the process; what it wrote last may still be in them.
        _ = await output.wait(for: "\u{0}")
        _ = await errors.wait(for: "\u{0}")
        return Result(exitCode: code, output: output.text, errors: errors.text)
    }

    /// Runs it to its end.
    static func run(
        _ arguments: [String], in folder: String, environment: [String: String] = [:], input: Data? = nil
    ) async throws -> Result {
        try await Binary(arguments, in: folder, environment: environment, input: input).result()
    }
}
