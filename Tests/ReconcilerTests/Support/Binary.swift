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

    private let process: ChildProcess
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
        var all = ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("PROFILECTL_") && !$0.key.hasPrefix("THINGSPACE_")
        }
        all.merge(environment) { $1 }
        let (ended, continuation) = AsyncStream.makeStream(of: Int32.self)
        self.ended = ended
        let stdin = try FileHandle(forReadingFrom: URL(fileURLWithPath: try folder.write("input", input ?? Data())))
        let stdout = try FileHandle(forWritingTo: URL(fileURLWithPath: try folder.write("output", Data())))
        let stderr = try FileHandle(forWritingTo: URL(fileURLWithPath: try folder.write("errors", Data())))
        let process = try ChildProcess.start(
            ["env", "-C", directory] + launcher + [program ?? Self.executable] + arguments, environment: all,
            input: stdin.fileDescriptor, output: stdout.fileDescriptor, errors: stderr.fileDescriptor
        ).get()
        self.process = process
        Thread.detachNewThread {
            switch process.takeAway() {
            case .exited(let code): continuation.yield(code)
            case .killed(let signal): continuation.yield(-signal)
            }
            continuation.finish()
        }
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

    /// Waits until the process has printed the text to stdout, or to stderr (`errors`); `nil` if it has not within two
    /// minutes.
    func printed(_ wanted: String, to output: String = "output") async throws -> String? {
        // A file tells nobody that it has grown.
        let waiter = StateWaiter(clock: SystemClock(), wakeup: Wakeup(), pollInterval: .milliseconds(20))
        return try await waiter.wait(until: SystemClock().now() + .seconds(120)) {
            let text = self.text(output)
            return text.contains(wanted) ? text : nil
        }
    }

    /// What it has printed to stderr until now.
    var errors: String { text("errors") }

    var processID: Int32 { process.id }

    func send(_ signal: Int32) { kill(process.id, signal) }

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
