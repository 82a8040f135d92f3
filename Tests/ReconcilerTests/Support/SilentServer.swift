import Foundation
import Testing

/// A server that takes connections and never says a word.
final class SilentServer: Sendable {
    let port: Int
    private let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        try #require(descriptor >= 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, $0, &size) == 0
            }
        }
        try #require(isListening)
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { close(descriptor) }

    /// Waits until somebody calls, who stays on the line.
    func awaitCaller() async throws {
        let caller = await onThread { [descriptor] in Self.isReady(descriptor) ? accept(descriptor, nil, nil) : -1 }
        try #require(caller >= 0, "nobody has called")
    }

    /// Whether somebody calls, and hangs up within two minutes.
    func isHungUpOn() async -> Bool {
        await onThread { [descriptor] in
            guard Self.isReady(descriptor) else { return false }
            let caller = accept(descriptor, nil, nil)
            defer { close(caller) }
            var buffer = [UInt8](repeating: 0, count: 4096)
            while Self.isReady(caller) {
                if read(caller, &buffer, buffer.count) <= 0 { return true }
            }
            return false
        }
    }

    private static func isReady(_ descriptor: Int32) -> Bool {
        var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&wanted, 1, 20_000) == 1
    }

    /// The tasks of the test are to have their own threads for themselves.
    private func onThread<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: work()) }
        }
    }
}
