import Foundation

/// A program of the system (`openssl`, `curl`) that a test has something checked by.
enum ExternalProgram {
    struct Result: Sendable {
        let exitCode: Int32
        let output: String
    }

    /// Runs it to its end; what it prints to stdout and stderr comes together.
    static func run(_ arguments: [String], in directory: String) async throws -> Result {
        let folder = try TemporaryFolder()
        let path = try folder.write("output", Data())
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        let output = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        let (ended, continuation) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = { process in
            continuation.yield(process.terminationStatus)
            continuation.finish()
        }
        try process.run()
        let code = await ended.first { _ in true } ?? -1
        let data = FileManager.default.contents(atPath: path) ?? Data()
        return Result(exitCode: code, output: String(decoding: data, as: UTF8.self))
    }
}
