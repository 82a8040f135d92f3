import Foundation

/// What the system says of a process that is running.
struct ProcessUse: Sendable {
    let identifier: Int32

    /// Memory that it holds, and the most that it ever held, in MiB; 0 once it has ended.
    var memory: Int { mebibytes("VmRSS") }
    var peakMemory: Int { mebibytes("VmHWM") }

    /// How many files and sockets it has open.
    var openFiles: Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(identifier)/fd").count) ?? 0
    }

    private func mebibytes(_ name: String) -> Int {
        let status = (try? String(contentsOfFile: "/proc/\(identifier)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
        let kibibytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
        return (kibibytes ?? 0) / 1024
    }
}
