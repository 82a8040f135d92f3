import Foundation

/// A program with its arguments, to be run and measured.
struct Program: Sendable {
    let path: String
    let arguments: [String]
    var folder: String?
    /// Beside what this process has.
    var environment: [String: String] = [:]

    /// Runs it once, its output thrown away.
    ///
    /// - Returns: wall time in seconds and peak memory in bytes.
    func measure() throws -> Sample {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Tools.yardstick)
        process.arguments = ["measure", path] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let fields = text.split(whereSeparator: \.isWhitespace)
        guard fields.count == 3, let seconds = Double(fields[0]), let memory = Int(fields[1]), let code = Int(fields[2])
        else { throw BenchmarkError("\(path) cannot be run") }
        guard code == 0 else {
            throw BenchmarkError("\(path) \(arguments.joined(separator: " ")) ended with \(code)")
        }
        return Sample(seconds: seconds, memory: memory * 1024)
    }
}

/// What one run took.
struct Sample: Sendable {
    let seconds: Double
    /// At its peak, in bytes; 0 if it was not measured.
    let memory: Int
}

struct BenchmarkError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
