import Foundation
import Testing

@testable import Reconciler
/// The real binary, or another program, run as a process; what it prints goes to files.
final class Binary: Sendable {
    struct Result: Sendable {
        let exitCode: Int32
        let output: String
        let errors: String
    }

    private let process = Process()
    private let folder: TemporaryFolder
    private let ended: AsyncStream<Int32>

    /// - Parameters:
    ///   - program: another one, of the system, for tests of what profilectl gives to it.
    ///   - launcher: what starts the program, if it is not started by itself; it must become the process that it starts,
    ///     so that signals reach that.
    init(
        _ arguments: [String], in directory: String, environment: [String: String] = [:], input: Data? = nil,
        program: String? = nil, launcher: [String] = []
    ) throws {
        folder = try TemporaryFolder()
        process.executableURL = URL(fileURLWithPath: launcher.isEmpty ? program ?? Self.executable : "/usr/bin/env")
        process.arguments = launcher.isEmpty ? arguments : launcher + [program ?? Self.executable] + arguments
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
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
        process.standardInput = try FileHandle(
            forReadingFrom: URL(fileURLWithPath: try folder.write("input", input ?? Data())))
        process.standardOutput = try FileHandle(
            forWritingTo: URL(fileURLWithPath: try folder.write("output", Data())))
        process.standardError = try FileHandle(
            forWritingTo: URL(fileURLWithPath: try folder.write("errors", Data())))
        try process.run()
    }

    /// `swift test` puts the binary beside the test bundle.
    static let executable: String = {
        let beside = CommandLine.arguments.filter { $0.hasSuffix(".xctest") }.map {
            ($0 as NSString).deletingLastPathComponent
        }
        let candidates = beside + [Repository.path + "/.build/debug"]
        return candidates.map { $0 + "/profilectl" }.first { FileManager.default.isExecutableFile(atPath: $0) }
            ?? "profilectl"
    }()

    private func text(_ name: String) -> String {
        FileManager.default.contents(atPath: folder.path + "/" + name).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Waits until the process has printed the text to stdout, or to stderr (`errors`); `nil` if it has not within 20
    /// seconds.
    func printed(_ wanted: String, to output: String = "output") async throws -> String? {
        // A file tells nobody that it has grown.
        let waiter = StateWaiter(clock: SystemClock(), wakeup: Wakeup(), pollInterval: .milliseconds(20))
        return try await waiter.wait(until: SystemClock().now() + .seconds(20)) {
            let text = self.text(output)
            return text.contains(wanted) ? text : nil
        }
    }

    /// Of the process.
    var identifier: Int32 { process.processIdentifier }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Waits for the end. A process that was killed has the negative number of the signal as its exit code.
    func result() async -> Result {
        let code = await ended.first { _ in true } ?? -1
        return Result(exitCode: code, output: text("output"), errors: text("errors"))
    }

    /// Runs it to its end.
    static func run(
        _ arguments: [String], in directory: String, environment: [String: String] = [:], input: Data? = nil,
        program: String = executable
    ) async throws -> Result {
        try await Binary(arguments, in: directory, environment: environment, input: input, program: program).result()
    }

    /// What a standalone simulator takes for right, and what callbacks carry.
    static let simulatorSecrets = [
        "THINGSPACE_CLIENT_ID": "simulator-key", "THINGSPACE_CLIENT_SECRET": "simulator-secret",
        "THINGSPACE_USERNAME": "simulator-user", "THINGSPACE_PASSWORD": "simulator-password",
        "PROFILECTL_CALLBACK_USERNAME": "profilectl", "PROFILECTL_CALLBACK_PASSWORD": "callback-secret",
    ]

    /// A standalone simulator of the devices in `fleet.yaml`, with its base URL.
    static func simulator(
        _ folder: TemporaryFolder, _ arguments: [String] = []
    ) async throws -> (Binary, baseURL: String) {
        let binary = try Binary(
            ["simulate", "fleet.yaml", "--listen", "127.0.0.1:0", "--any-callback-port"] + arguments, in: folder.path)
        let line = try #require(try await binary.printed("/api\n"))
        let start = try #require(line.range(of: "http://"))
        return (binary, line[start.lowerBound...].trimmingCharacters(in: .whitespacesAndNewlines))
    }
}
