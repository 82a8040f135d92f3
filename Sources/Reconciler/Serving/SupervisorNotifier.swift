import Foundation

/// Tells systemd how the service is (`sd_notify(3)`): datagrams to the socket that it names in `NOTIFY_SOCKET`. Does
/// nothing where there is no such supervisor.
public struct SupervisorNotifier: Sendable {
    public enum State: Sendable {
        case ready
        case reloading
        case stopping
        /// A line for `systemctl status`.
        case status(String)
        /// A sign of life.
        case watchdog

        fileprivate var text: String {
            switch self {
            case .ready: return "READY=1"
            case .reloading:
                var now = timespec()
                clock_gettime(CLOCK_MONOTONIC, &now)
                return "RELOADING=1\nMONOTONIC_USEC=\(now.tv_sec * 1_000_000 + now.tv_nsec / 1000)"
            case .stopping: return "STOPPING=1"
            case .status(let line): return "STATUS=\(line.replacing("\n", with: " "))"
            case .watchdog: return "WATCHDOG=1"
            }
        }
    }

    private let socketPath: String?
    /// How often a sign of life is wanted; `nil` for never.
    public let watchdogInterval: Duration?

    /// - Parameter environment: `NOTIFY_SOCKET` and `WATCHDOG_USEC` as systemd sets them.
    public init(environment: [String: String]) {
        socketPath = environment["NOTIFY_SOCKET"].flatMap { $0.isEmpty ? nil : $0 }
        watchdogInterval = environment["WATCHDOG_USEC"].flatMap(Int64.init).map { .microseconds($0 / 2) }
    }

    public func tell(_ states: State...) {
        guard let socketPath else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // A name that begins with @ is in the abstract name space, whose names begin with a zero byte.
        let name = socketPath.hasPrefix("@") ? [0] + socketPath.utf8.dropFirst() : Array(socketPath.utf8)
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let size = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
        let text = Array(states.map(\.text).joined(separator: "\n").utf8)
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, text, text.count, 0, $0, size)
            }
        }
    }
}
