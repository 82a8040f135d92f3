import Foundation

/// The process of this machine that listens on a port, as far as the system shows it to this user.
struct PortHolder: Hashable, CustomStringConvertible {
    let processID: Int32
    let command: String
    /// Whether it was stopped (Ctrl-Z, SIGSTOP): it answers nobody, and keeps the port.
    let isStopped: Bool

    /// Looks through /proc; `nil` where that shows nothing.
    static func find(port: Int) -> PortHolder? {
        let sockets = Set(
            ["/proc/net/tcp", "/proc/net/tcp6"].compactMap { text(of: $0) }.flatMap { inodes(in: $0, port: port) })
        guard !sockets.isEmpty else { return nil }
        let names = Set(sockets.map { "socket:[\($0)]" })
        for processID in processes() where processID != getpid() {
            let folder = "/proc/\(processID)/fd"
            guard let descriptors = entries(of: folder) else { continue }
            for descriptor in descriptors {
                guard let target = link(folder + "/" + descriptor), names.contains(target) else { continue }
                return PortHolder(
                    processID: processID, stat: text(of: "/proc/\(processID)/stat") ?? "")
            }
        }
        return nil
    }

    /// - Parameter stat: `PID (COMMAND) STATE ...`; the command may hold parentheses itself.
    init(processID: Int32, stat: String) {
        self.processID = processID
        let start = stat.firstIndex(of: "(").map { stat.index(after: $0) }
        let end = stat.lastIndex(of: ")")
        guard let start, let end, start <= end else {
            command = "?"
            isStopped = false
            return
        }
        command = String(stat[start..<end]).excerpt(limit: 40)
        isStopped = ["T", "t"].contains(stat[stat.index(after: end)...].first { $0 != " " } ?? " ")
    }

    var description: String { "process \(processID) (\(command)\(isStopped ? ", which is stopped" : ""))" }

    /// The inodes of the sockets that listen on a port, by the lines of /proc/net/tcp.
    static func inodes(in table: String, port: Int) -> [String] {
        let wanted =
            ":" + String(repeating: "0", count: max(0, 4 - String(port, radix: 16).count))
            + String(port, radix: 16, uppercase: true)
        return table.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            // 0A: it listens.
            guard fields.count > 9, fields[1].hasSuffix(wanted), fields[3] == "0A" else { return nil }
            return String(fields[9])
        }
    }

    private static func processes() -> [Int32] { (entries(of: "/proc") ?? []).compactMap { Int32($0) } }

    private static func entries(of folder: String) -> [String]? {
        do { return try FileManager.default.contentsOfDirectory(atPath: folder) } catch { return nil }
    }

    private static func link(_ path: String) -> String? {
        do { return try FileManager.default.destinationOfSymbolicLink(atPath: path) } catch { return nil }
    }

    private static func text(of path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}
